package import Glibc

/// What a child process has open.
package enum ChildDescriptors {
    /// Has a child keep its standard input, output and error only. Sockets of NIO pass to children otherwise: one that
    /// listens would hold its port until the last child has ended, and a connection would not end for its other side.
    package static func keepStandardOnly(_ actions: inout posix_spawn_file_actions_t) {
        // Glibc has it since 2.34, but shows it to C with _GNU_SOURCE only, which Swift's module is not made with.
        typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
        _ = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, 3)
    }
}
