#define _GNU_SOURCE
// Loopback: a client that keeps a server busy, and the least servers that a broker is held against.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "baseline.h"

enum { receive_size = 1 << 20 };

static void set_no_delay(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int moldau_baseline_connect(const char *host, const char *port, int *connected) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
  if (getaddrinfo(host, port, &hints, &found) != 0) return EADDRNOTAVAIL;
  int error = ECONNREFUSED;
  for (struct addrinfo *address = found; address != NULL; address = address->ai_next) {
    int new_socket =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (new_socket < 0) {
      error = errno;
      continue;
    }
    if (connect(new_socket, address->ai_addr, address->ai_addrlen) == 0) {
      set_no_delay(new_socket);
      struct timeval patience = {.tv_sec = 60};
      setsockopt(new_socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      setsockopt(new_socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      *connected = new_socket;
      error = 0;
      break;
    }
    error = errno;
    close(new_socket);
  }
  freeaddrinfo(found);
  return error;
}

int moldau_baseline_listen(int *listener, uint16_t *port) {
  int new_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (new_socket < 0) return errno;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = 0};
  socklen_t length = sizeof address;
  if (bind(new_socket, (struct sockaddr *)&address, length) != 0 || listen(new_socket, 1) != 0 ||
      getsockname(new_socket, (struct sockaddr *)&address, &length) != 0) {
    int error = errno;
    close(new_socket);
    return error;
  }
  *listener = new_socket;
  *port = ntohs(address.sin_port);
  return 0;
}

static int send_all(int socket, const uint8_t *bytes, size_t count, int flags) {
  while (count > 0) {
    ssize_t sent = send(socket, bytes, count, flags | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes += sent;
    count -= (size_t)sent;
  }
  return 0;
}

/// Receives `count` bytes; ENODATA when the other end has closed before the first.
static int receive_all(int socket, uint8_t *bytes, size_t count) {
  size_t received = 0;
  while (received < count) {
    ssize_t more = recv(socket, bytes + received, count - received, 0);
    if (more < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (more == 0) return received == 0 ? ENODATA : ECONNRESET;
    received += (size_t)more;
  }
  return 0;
}

/// Receives one frame and forgets it; adds its size to `byte_count`.
static int receive_answer(int socket, uint8_t *buffer, uint64_t *byte_count) {
  uint8_t size_bytes[4];
  int error = receive_all(socket, size_bytes, sizeof size_bytes);
  if (error != 0) return error == ENODATA ? ECONNRESET : error;
  size_t rest = load32(size_bytes);
  *byte_count += rest;
  while (rest > 0) {
    size_t part = rest < receive_size ? rest : receive_size;
    error = receive_all(socket, buffer, part);
    if (error != 0) return error == ENODATA ? ECONNRESET : error;
    rest -= part;
  }
  return 0;
}

int moldau_baseline_exchange(int socket, const uint8_t *frames, const size_t *frame_ends,
                             size_t frame_count, size_t request_count, size_t in_flight,
                             uint64_t *answer_bytes) {
  uint8_t *buffer = malloc(receive_size);
  if (buffer == NULL) return ENOMEM;
  int error = 0;
  size_t sent = 0, answered = 0;
  *answer_bytes = 0;
  while (error == 0 && answered < request_count) {
    if (sent < request_count && sent - answered < in_flight) {
      size_t frame = sent % frame_count;
      size_t start = frame == 0 ? 0 : frame_ends[frame - 1];
      error = send_all(socket, frames + start, frame_ends[frame] - start, 0);
      sent++;
    } else {
      error = receive_answer(socket, buffer, answer_bytes);
      answered++;
    }
  }
  free(buffer);
  return error;
}

int moldau_baseline_receive_frames(int listener, int file) {
  int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (socket < 0) return errno;
  set_no_delay(socket);
  size_t capacity = receive_size;
  uint8_t *buffer = malloc(capacity);
  int error = buffer == NULL ? ENOMEM : 0;
  int64_t position = 0;
  while (error == 0) {
    uint8_t size_bytes[4];
    error = receive_all(socket, size_bytes, sizeof size_bytes);
    if (error != 0) break;
    size_t size = load32(size_bytes);
    if (size > capacity) {
      uint8_t *larger = realloc(buffer, size);
      if (larger == NULL) {
        error = ENOMEM;
        break;
      }
      buffer = larger;
      capacity = size;
    }
    error = receive_all(socket, buffer, size);
    if (error == 0) error = write_all(file, buffer, size, position);
    position += (int64_t)size;
    uint8_t answer[4] = {0};
    if (error == 0) error = send_all(socket, answer, sizeof answer, 0);
  }
  free(buffer);
  close(socket);
  return error == ENODATA ? 0 : error;
}

int moldau_baseline_send_slices(int listener, int file, size_t slice_size, size_t slice_count) {
  int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (socket < 0) return errno;
  set_no_delay(socket);
  uint8_t *buffer = malloc(receive_size);
  int error = buffer == NULL ? ENOMEM : 0;
  size_t slice = 0;
  while (error == 0) {
    uint8_t bytes[4];
    error = receive_all(socket, bytes, sizeof bytes);
    if (error != 0) break;
    size_t size = load32(bytes);
    error = size > receive_size ? EMSGSIZE : receive_all(socket, buffer, size);
    if (error != 0) break;
    store32(bytes, (uint32_t)slice_size);
    error = send_all(socket, bytes, sizeof bytes, MSG_MORE);
    off_t offset = (off_t)(slice * slice_size);
    off_t end = offset + (off_t)slice_size;
    while (error == 0 && offset < end) {
      ssize_t sent = sendfile(socket, file, &offset, (size_t)(end - offset));
      if (sent < 0 && errno != EINTR) error = errno;
      if (sent == 0) error = EIO;
    }
    slice = (slice + 1) % slice_count;
  }
  free(buffer);
  close(socket);
  return error == ENODATA ? 0 : error;
}
