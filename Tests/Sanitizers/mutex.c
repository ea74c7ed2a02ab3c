// What the thread sanitizer does not see of Swift's Mutex: `make test-sanitize` links this in.
//
// On Linux, Synchronization.Mutex is a word that threads exchange atomically while nobody has to wait;
// that is compiled into the program, and seen. A thread that has to wait goes through the slow paths of
// libswiftSynchronization, where the kernel itself hands the word over (FUTEX_LOCK_PI): the sanitizer
// then knows of no order between the two threads, and reports all that they did with what the mutex
// guards. Here, the slow path of locking is to try the same exchange until it succeeds; instrumented,
// so that every order is seen. There is never a waiter in the word, so unlocking has no slow path.
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Synchronization._MutexHandle._lockSlow(UInt32): `own` is the calling thread's id.
SWIFT void lock_slow(uint32_t own, SELF _Atomic uint32_t *word) __asm__(
    "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");

SWIFT void lock_slow(uint32_t own, SELF _Atomic uint32_t *word) {
  uint32_t unlocked = 0;
  while (!atomic_compare_exchange_weak_explicit(word, &unlocked, own, memory_order_acquire,
                                                memory_order_relaxed)) {
    unlocked = 0;
    sched_yield();
  }
}
