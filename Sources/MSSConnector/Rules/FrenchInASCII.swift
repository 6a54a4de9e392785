extension String {
    /// French text in ASCII: letters without their accents, quotation marks and dashes as typewriters have them. What has
    /// no counterpart becomes `?`.
    ///
    /// RFC 6531 §3.5 allows UTF-8 in replies only to clients that have shown SMTPUTF8.
    var frenchInASCII: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if scalar.isASCII {
                result.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "à", "â", "ä", "á": result += "a"
            case "À", "Â", "Ä": result += "A"
            case "ç": result += "c"
            case "Ç": result += "C"
            case "é", "è", "ê", "ë": result += "e"
            case "É", "È", "Ê", "Ë": result += "E"
            case "î", "ï", "í": result += "i"
            case "Î", "Ï": result += "I"
            case "ô", "ö", "ó": result += "o"
            case "Ô", "Ö": result += "O"
            case "ù", "û", "ü", "ú": result += "u"
            case "Ù", "Û", "Ü": result += "U"
            case "ÿ": result += "y"
            case "œ": result += "oe"
            case "Œ": result += "OE"
            case "æ": result += "ae"
            case "«", "»", "“", "”": result += "\""
            case "’", "‘": result += "'"
            case "–", "—": result += "-"
            case "…": result += "..."
            case "\u{A0}", "\u{202F}": result += " "
            default: result += "?"
            }
        }
        // « x » has blanks inside that "x" has not.
        return result.replacingQuotedBlanks
    }

    /// Removes the blank after an opening quotation mark and the one before a closing one.
    private var replacingQuotedBlanks: String {
        var parts = split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        for index in parts.indices where index % 2 == 1 {
            while parts[index].first == " " { parts[index].removeFirst() }
            while parts[index].last == " " { parts[index].removeLast() }
        }
        return parts.joined(separator: "\"")
    }
}
