/// The ends of data that servers were found to take for `CRLF.CRLF`: inbound and outbound variants of the publication
/// of 2023 (CVE-2023-51764, -51765, -51766), of the later ones (CVE-2024-27305 and others), and their kin.
enum SmugglingSequences {
    static let all = [
        "\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r\n.\n", "\r.\r\n", "\n.\r", "\r.\n", "\r\n.\r\r\n", "\n\n.\n\n",
        "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\0\n.\r\n", "\r\n.\r\0\n", "\n..\r\n", "\r\r\n.\r\r\n", "\n.\n\r\n",
        "\n\n.\r\n", "\n\r.\r\n", "\r\n.\n\r\n", "\r\r.\r\r", "\0\r\n.\n",
    ]
}
