internal import Glibc

/// Wakes one sleeping thread.
///
/// Raised while nobody sleeps, it is remembered once.
///
/// Unchecked because of the C pointers: they are set once by `init`, POSIX lets every thread use
/// what they point to, and `isRaised` is touched only while the mutex is held.
final class Signal: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isRaised = false

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The wall clock may be set back, and would then stretch a wait of a second to hours.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Wakes the thread that sleeps, or keeps the next one from falling asleep.
    func raise() {
        pthread_mutex_lock(mutex)
        isRaised = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Sleeps until the signal is raised, or for so many milliseconds.
    func wait(milliseconds: UInt64) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + Int(milliseconds % 1000) * 1_000_000
        deadline.tv_sec += Int(clamping: milliseconds / 1000) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        while !isRaised && pthread_cond_timedwait(condition, mutex, &deadline) == 0 {}
        isRaised = false
        pthread_mutex_unlock(mutex)
    }
}
