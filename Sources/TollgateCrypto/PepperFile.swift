internal import Glibc

/// The file that keeps the pepper: 32 bytes that only their owner may read.
///
/// A file that others could read, or could have put there, is refused: a pepper that is known
/// protects nothing, and a wrong one would deny every key. The file is either absent or whole, also
/// after a crash while it was made.
package enum PepperFile {
    /// The pepper in the file; when there is no file, makes a pepper and the file first.
    package static func loadOrCreate(at path: String) throws(CryptoError) -> Pepper {
        try loadOrCreate(at: path, "pepper file \(path)")
    }

    /// The pepper in the file, which must be there.
    package static func load(at path: String) throws(CryptoError) -> Pepper {
        try load(at: path, "pepper file \(path)")
    }

    /// The 32 random bytes in a file like the pepper's, by the name that errors call it.
    static func loadOrCreate(at path: String, _ name: String) throws(CryptoError) -> Pepper {
        if let pepper = try loadIfPresent(at: path, name) { return pepper }
        try create(at: path)
        // Read back what the disk now has: another process's pepper, if that one was faster.
        return try load(at: path, name)
    }

    private static func load(at path: String, _ name: String) throws(CryptoError) -> Pepper {
        guard let pepper = try loadIfPresent(at: path, name) else {
            throw CryptoError(.pepper, "\(name) does not exist")
        }
        return pepper
    }

    private static func loadIfPresent(
        at path: String,
        _ name: String
    ) throws(CryptoError) -> Pepper? {
        // Without O_NONBLOCK a pipe put there would make the start wait for ever.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let file: Descriptor
        switch Descriptor.open(path, flags) {
        case .success(let descriptor): file = Descriptor(owning: descriptor)
        case .failure(let problem) where problem.code == ENOENT: return nil
        case .failure(let problem) where problem.code == ELOOP:
            throw CryptoError(.pepper, "\(name) is a symbolic link")
        case .failure(let problem): throw problem.during("open", path)
        }
        try check(file, path, name)
        let memory = try SecretMemory(count: Pepper.byteCount)
        var filled = 0
        while filled < memory.count {
            let count = read(file.number, memory.base + filled, memory.count - filled)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw SystemProblem(code: errno).during("read", path) }
            // Cut off since its size was looked at.
            if count == 0 { throw wrongSize(filled, name) }
            filled += count
        }
        return Pepper(owning: memory)
    }

    private static func check(
        _ file: borrowing Descriptor,
        _ path: String,
        _ name: String
    ) throws(CryptoError) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else {
            throw SystemProblem(code: errno).during("examine", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CryptoError(.pepper, "\(name) is not a regular file")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw CryptoError(.pepper, "\(name) belongs to user \(status.st_uid)")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw CryptoError(
                .pepper,
                "\(name) is open to others (mode \(mode)): chmod it to 600"
            )
        }
        guard status.st_size == Pepper.byteCount else {
            throw wrongSize(Int(status.st_size), name)
        }
    }

    private static func wrongSize(_ size: Int, _ name: String) -> CryptoError {
        CryptoError(.pepper, "\(name) has \(size) bytes instead of 32")
    }

    /// Makes the file with a new pepper; a file that is there by now is left as it is.
    private static func create(at path: String) throws(CryptoError) {
        let pepper = try Pepper.generate()
        // Filled under another name and linked to its own when it is whole and on the disk.
        let draft = path + ".new-" + String(try SecureRandom.uint128(), radix: 36)
        try write(pepper, to: draft)
        let isLinked = link(draft, path) == 0
        let problem = SystemProblem(code: errno)
        _ = unlink(draft)
        if !isLinked && problem.code != EEXIST { throw problem.during("create", path) }
        try syncDirectory(of: path)
    }

    private static func write(
        _ pepper: borrowing Pepper,
        to path: String
    ) throws(CryptoError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file: Descriptor
        switch Descriptor.open(path, flags) {
        case .success(let descriptor): file = Descriptor(owning: descriptor)
        case .failure(let problem): throw problem.during("create", path)
        }
        do throws(SystemProblem) {
            // The umask may have taken away even the owner's rights.
            try file.check(fchmod(file.number, 0o600))
            var written = 0
            while written < Pepper.byteCount {
                let rest = pepper.memory.base + written
                let count = Glibc.write(file.number, rest, Pepper.byteCount - written)
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw SystemProblem(code: errno) }
                written += count
            }
            try file.check(fsync(file.number))
        } catch {
            _ = unlink(path)
            throw error.during("write", path)
        }
    }

    /// Makes the directory's entries survive the loss of power.
    private static func syncDirectory(of path: String) throws(CryptoError) {
        let parent: String
        switch path.lastIndex(of: "/") {
        case nil: parent = "."
        case path.startIndex: parent = "/"
        case .some(let slash): parent = String(path[..<slash])
        }
        let directory: Descriptor
        switch Descriptor.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) {
        case .success(let descriptor): directory = Descriptor(owning: descriptor)
        case .failure(let problem): throw problem.during("open", parent)
        }
        guard fsync(directory.number) == 0 else {
            throw SystemProblem(code: errno).during("sync", parent)
        }
    }
}

/// What the system said about a call that failed.
private struct SystemProblem: Error {
    let code: Int32

    func during(_ action: String, _ path: String) -> CryptoError {
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            guard let start = text.baseAddress, strerror_r(code, start, text.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: start)
        }
        return CryptoError(.pepper, "cannot \(action) \(path): \(reason)")
    }
}

/// An open file, closed when it is given up.
private struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over an open descriptor.
    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Opens a file; one that is created is for its owner alone.
    static func open(_ path: String, _ flags: Int32) -> Result<Int32, SystemProblem> {
        let number = Glibc.open(path, flags, 0o600)
        return number < 0 ? .failure(SystemProblem(code: errno)) : .success(number)
    }

    /// Turns the result of a call on the file into an error when it failed.
    func check(_ result: Int32) throws(SystemProblem) {
        if result < 0 { throw SystemProblem(code: errno) }
    }
}
