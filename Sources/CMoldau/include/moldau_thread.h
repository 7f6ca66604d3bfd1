// Thread calls that Swift's C library module does not show.
#ifndef MOLDAU_THREAD_H
#define MOLDAU_THREAD_H

/// pthread_setname_np(3) for the calling thread; a name of over 15 bytes is left out.
void moldau_name_thread(const char *name);

#endif
