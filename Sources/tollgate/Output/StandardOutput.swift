internal import Glibc

/// Where results go: what does not get there is an error, for it may be the only copy of a secret.
enum StandardOutput {
    /// Why a text did not get there.
    struct Problem: Error, CustomStringConvertible {
        /// What the system says: an `errno`.
        let code: Int32

        /// Whether whoever read has gone.
        var isReaderGone: Bool { code == EPIPE }

        var description: String {
            "standard output cannot be written: \(String(cString: strerror(code)))"
        }
    }

    /// Makes sure that a write which fails says so, and that it goes nowhere else.
    ///
    /// To be called once, before anything is opened.
    static func prepare() {
        // A reader that goes ends the process else, without a word.
        signal(SIGPIPE, SIG_IGN)
        // The first file that is opened would get the number of a stream that is closed, and be
        // written into: it is taken by something that cannot be written.
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(stream, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Writes a line, to its last byte and its line break.
    ///
    /// - Throws: when not all of it was taken; a part of it may have been.
    static func write(line: String) throws(Problem) {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                return Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
            }
            if count > 0 {
                start += count
                continue
            }
            switch count == 0 ? EIO : errno {
            case EINTR: continue
            case EAGAIN: waitForRoom()
            case let code: throw Problem(code: code)
            }
        }
    }

    /// Whether nobody can read any more: the other end of the pipe is closed.
    static var isAbandoned: Bool {
        var state = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLERR | POLLHUP) != 0
    }

    /// Somebody who shares the terminal may have set it not to wait.
    private static func waitForRoom() {
        var state = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = poll(&state, 1, -1)
    }
}
