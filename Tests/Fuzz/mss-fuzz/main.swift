import Glibc

// SwiftPM renames `main` to `<target>_main`, so libFuzzer's own main cannot be used: call its driver.
@_silgen_name("LLVMFuzzerRunDriver")
func LLVMFuzzerRunDriver(
    _ argc: UnsafeMutablePointer<CInt>,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The parsers under fuzz, by name: `mss-fuzz NAME [libFuzzer options] CORPUS`.
/// Each library lists its own in a file beside this one.
let fuzzTargets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
    "dns-record": fuzzDNSRecord, "dns-server": fuzzDNSServer,
    "mail-address": fuzzMailAddress,
    "domain": fuzzDomain,
    "dn-text": fuzzDistinguishedNameText,
    "dn-der": fuzzDistinguishedNameDER,
    "timestamp": fuzzTimestamp,
    "smtp-reply": fuzzSMTPReply,
    "smtp-command": fuzzSMTPCommand,
    "smtp-server-session": fuzzSMTPServerSession,
    "identifiers": fuzzIdentifiers,
    "whitelist-content": fuzzWhitelistContent,
    "whitelist-record": fuzzWhitelistRecord,
    "xml-tree": fuzzXMLTree, "xml-stream": fuzzXMLStream, "xml-writer": fuzzXMLWriter,
    "xml-signature": fuzzXMLSignature, "xml-canonical": fuzzXMLCanonical,
    "zip": fuzzZIP, "xdm": fuzzXDM, "reports": fuzzReports, "subjects": fuzzSubjects,
    "field-value": fuzzFieldValue,
    "mail-writer": fuzzWriter,
    "message": fuzzMessage,
    "certificate": fuzzCertificate,
    "certificate-pem": fuzzCertificatePEM,
    "crl": fuzzCRL,
    "ocsp": fuzzOCSP,
    "pkcs12": fuzzPKCS12,
    "private-key": fuzzKey,
    "tls-server": fuzzTLSServer,
    "tls-client": fuzzTLSClient,
    "tls-session": fuzzTLSSession,
    "smtp-client-session": fuzzSMTPClientSession,
    "imap-command": fuzzIMAPCommand, "imap-server-session": fuzzIMAPServerSession, "imap-response": fuzzIMAPResponse,
    "jwt": fuzzJWT, "jwks": fuzzJWKS, "oauth-userinfo": fuzzUserInfo,
    "accounts-csv": fuzzAccountsCSV, "accounts-json": fuzzAccountsJSON,
    "trace-segment": fuzzTraceSegment, "trace-record": fuzzTraceRecord, "trace-event": fuzzTraceEvent,
    "trace-text": fuzzTraceText, "trace-seal": fuzzTraceSeal,
    "store-spool": fuzzStoreSpool, "store-operations": fuzzStoreOperations, "store-envelope": fuzzStoreEnvelope,
    "store-blob": fuzzStoreBlob,
]

guard CommandLine.argc >= 2, let body = fuzzTargets[CommandLine.arguments[1]] else {
    print("usage: mss-fuzz NAME [libFuzzer options] CORPUS\nnames: \(fuzzTargets.keys.sorted().joined(separator: " "))")
    exit(2)
}
// Drop our own argument before libFuzzer reads the rest.
var argc = CommandLine.argc - 1
var argv = CommandLine.unsafeArgv.advanced(by: 1)
withUnsafeMutablePointer(to: &argv) { pointer in
    pointer.withMemoryRebound(
        to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.self, capacity: 1
    ) { exit(LLVMFuzzerRunDriver(&argc, $0, body)) }
}
