import MSSCore
public import NIOCore

extension TLSHandler {
    /// Puts TLS in place on a connection that has spoken in clear: after the server has written its go-ahead to
    /// STARTTLS, or the client has read it. The handshake begins at once.
    ///
    /// Whatever had been received after the command and before TLS could have been injected by anyone on the way
    /// (RFC 3207 §4.2; CVE-2011-0411): one byte of it and the connection must not go on.
    ///
    /// - Parameters:
    ///   - pipeline: the channel's pipeline, on its event loop.
    ///   - unread: the bytes received in clear that the caller has not consumed: what its parser still holds.
    /// - Throws: ``TLSFailure/Kind/clearBytesBeforeTLS(count:)``; the caller closes the connection.
    public func startTLS(_ pipeline: ChannelPipeline.SynchronousOperations, unread: Int) throws {
        guard unread == 0 else {
            throw TLSFailure(.clearBytesBeforeTLS(count: unread), requirement: "EX_3.1_5020")
        }
        try pipeline.addHandler(self, position: .first)
    }
}
