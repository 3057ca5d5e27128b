internal import Foundation

/// What valgrind 3.19, that of Debian 12, needs to run a Swift 6 program.
enum Valgrind {
    /// A program as valgrind can run it.
    struct Program {
        let path: String
        /// What goes before valgrind on the command line.
        let prefix: [String]
    }

    /// Valgrind writes into the caller's signal mask for the time of the call, and libdispatch keeps
    /// its own in memory that cannot be written.
    private static let preload = """
        #include <signal.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int sigsuspend(const sigset_t *mask) {
            sigset_t copy = *mask;
            return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
        }
        """

    /// Prepares a program.
    ///
    /// - Parameters:
    ///   - program: the file to run.
    ///   - directory: where copies are put.
    /// - Returns: what to run instead.
    /// - Throws: when the tools that this takes are not there.
    static func prepare(_ program: String, in directory: URL) throws -> Program {
        // Valgrind gives up on the debugging information; names of functions are kept elsewhere.
        let copy = directory.appending(path: "program").path
        let strip = ["strip", "--strip-debug", "-o", copy, program]
        _ = try ChildProcess.run("strip", strip, in: directory)
        let source = directory.appending(path: "preload.c")
        let library = directory.appending(path: "preload.so").path
        try Data(preload.utf8).write(to: source)
        let compile = ["clang", "-shared", "-fPIC", "-o", library, source.path]
        _ = try ChildProcess.run("clang", compile, in: directory)
        return Program(path: copy, prefix: ["env", "LD_PRELOAD=\(library)"])
    }
}
