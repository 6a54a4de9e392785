import Foundation

/// The messages of the IMAP benchmark: about 10 KB each, a text and an attachment, all different.
enum IMAPBenchMessages {
    static func message(_ number: Int) -> [UInt8] {
        var text = """
            Return-Path: <medecin\(number % 97)@cabinet.test>\r
            Received: from mx.cabinet.test (mx.cabinet.test [192.0.2.\(number % 250)]) by mx.hopital.test with ESMTPS\r
             id q\(number); Sat, 21 Nov 2026 10:00:00 +0100\r
            Date: Sat, 21 Nov 2026 \(10 + number % 10):\(10 + number % 50):00 +0100\r
            From: =?utf-8?Q?Ren=C3=A9e_Martin?= <medecin\(number % 97)@cabinet.test>\r
            To: "Secretariat, service \(number % 31)" <service\(number % 31)@hopital.test>\r
            Cc: archives@hopital.test\r
            Subject: Compte rendu \(number) du dossier \(number * 7919 % 100_003)\r
            Message-ID: <\(number).\(number * 31)@cabinet.test>\r
            \(number % 3 == 0 ? "In-Reply-To: <\(number / 3).\(number / 3 * 31)@cabinet.test>\r\n" : "")MIME-Version: 1.0\r
            Content-Type: multipart/mixed; boundary="limite\(number)"\r
            \r
            --limite\(number)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Transfer-Encoding: quoted-printable\r
            \r

            """
        for line in 0..<40 {
            text += "Ligne \(line) du compte rendu \(number) : le patient va bien, =C3=A0 revoir.\r\n"
        }
        if number % 1000 == 500 { text += "Mot rare : aiguille\(number)\r\n" }
        text += """
            --limite\(number)\r
            Content-Type: application/octet-stream; name="resultat.bin"\r
            Content-Disposition: attachment; filename="resultat.bin"\r
            Content-Transfer-Encoding: base64\r
            \r

            """
        var state = UInt64(number &+ 1) &* 0x9E37_79B9_7F4A_7C15
        for _ in 0..<78 {
            var line: [UInt8] = []
            for _ in 0..<57 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                line.append(UInt8(truncatingIfNeeded: state >> 33))
            }
            text += Data(line).base64EncodedString() + "\r\n"
        }
        return Array((text + "--limite\(number)--\r\n").utf8)
    }
}
