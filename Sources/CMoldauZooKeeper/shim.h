#define THREADED
#include <zookeeper/zookeeper.h>

/// Who may do what with new nodes: all, everything. The list is the library's and stays as it is.
static inline const struct ACL_vector *moldau_zookeeper_open_acl(void) {
  return &ZOO_OPEN_ACL_UNSAFE;
}
