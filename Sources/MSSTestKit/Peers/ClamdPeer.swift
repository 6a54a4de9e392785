internal import NIOCore
internal import NIOPosix

/// A real clamd with signatures of our own: the EICAR test string, and nothing else. `freshclam` and its network are not
/// needed.
public final class ClamdPeer: Sendable {
    /// The EICAR test string, in two halves so that no scanner finds this file.
    public static let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD" + "-ANTIVIRUS-TEST-FILE!$H+H*"

    /// Where its files are.
    public let directory: String
    /// Its TCP port on 127.0.0.1.
    public let port: Int
    /// Its socket in the file system.
    public var socket: String { "\(directory)/clamd.sock" }

    private let tool: BackgroundTool

    /// Starts clamd and waits until it answers.
    ///
    /// - Parameter maximumStream: `StreamMaxLength`: the longest content that it takes.
    public static func start(maximumStream: String = "30M") async throws -> ClamdPeer {
        let directory = try TestFiles.temporaryDirectory("mss-clamd")
        let port = try LoopbackPort.free()
        let file = try configure(directory, port: port, maximumStream: maximumStream)
        return try await start(configuration: file, directory, port)
    }

    /// Starts the scanner of a sandbox, at the address that its operators know.
    public static func start(of sandbox: Sandbox) async throws -> ClamdPeer {
        let scanner = sandbox.description.clamd
        return try await start(configuration: scanner.configuration, sandbox.files.clamd, scanner.port)
    }

    private static func start(configuration: String, _ directory: String, _ port: Int) async throws -> ClamdPeer {
        let tool = try BackgroundTool("clamd", ["--config-file=\(configuration)"])
        try await tool.wait { _ in await answers("\(directory)/clamd.sock") }
        return ClamdPeer(directory: directory, port: port, tool: tool)
    }

    /// Writes signatures and `clamd.conf` into a directory; returns the file. The virus is called `Test.EICAR`.
    public static func configure(_ directory: String, port: Int, maximumStream: String = "30M") throws -> String {
        try TestFiles.makeDirectory("\(directory)/db")
        let signature = eicar.utf8.map { hexadecimal($0) }.joined()
        try TestFiles.write("Test.EICAR:0:*:\(signature)\n", to: "\(directory)/db/test.ndb")
        let file = "\(directory)/clamd.conf"
        try TestFiles.write(
            """
            DatabaseDirectory \(directory)/db
            TCPSocket \(port)
            TCPAddr 127.0.0.1
            LocalSocket \(directory)/clamd.sock
            PidFile \(directory)/clamd.pid
            Foreground yes
            User root
            StreamMaxLength \(maximumStream)
            AlertExceedsMax yes

            """, to: file)
        return file
    }

    private init(directory: String, port: Int, tool: BackgroundTool) {
        self.directory = directory
        self.port = port
        self.tool = tool
    }

    /// Ends it.
    public func stop() { tool.stop() }

    /// Whether somebody takes connections at the socket: clamd binds it once its signatures are loaded.
    private static func answers(_ socket: String) async -> Bool {
        guard
            let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: socket).get()
        else { return false }
        try? await channel.close()
        return true
    }
}
