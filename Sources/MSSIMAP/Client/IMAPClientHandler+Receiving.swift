import MSSSASL
import MSSTLS
import NIOCore

extension IMAPClientHandler {
    // MARK: Receiving

    func setMode() { framer.streamsLiterals = exchanges.first?.request.streamsLiterals ?? false }

    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        while failure == nil, let event = framer.next(&input) { take(event) }
        isProcessing = false
        if input.readableBytes == 0 { input = ByteBuffer() }
        readOn()
    }

    private func take(_ event: IMAPResponseFramer.Event) {
        switch event {
        case .lost(let error): fail(.malformed(error))
        case .streamed(let octets): exchanges.first?.add(.octets(octets), octets: octets.readableBytes)
        case .response(let octets):
            do throws(IMAPSyntaxError) {
                let isRev2 = status.value.enabled.contains(.rev2)
                take(try IMAPResponse(octets: octets, utf8: isRev2), octets.count)
            } catch { fail(.malformed(error)) }
        }
    }

    private func take(_ response: IMAPResponse, _ count: Int) {
        switch response {
        case .goOn: return goAhead()
        case .capabilities(let list): status.update { $0.capabilities = Set(list) }
        case .enabled(let list): status.update { $0.enabled.formUnion(list) }
        case .status(let status):
            note(status)
            if !hasGreeting {
                hasGreeting = true
                return greeting.succeed(status)
            }
            if status.tag != nil { return finish(status) }
            if status.status == .bye { farewell = status }
        default: break
        }
        if let exchange = exchanges.first, exchange.request.belongs(response) {
            if exchange.request.streams {
                exchange.add(.response(response), octets: count)
            } else {
                exchange.responses.append(response)
            }
        } else {
            keepNews(response)
        }
    }

    private func keepNews(_ response: IMAPResponse) {
        switch response {
        case .exists, .expunged, .vanished, .message, .status: if news.count < Self.newsLimit { news.append(response) }
        default: break
        }
    }

    /// Capabilities may stand in a code (RFC 9051 §7.1).
    private func note(_ status: IMAPStatusResponse) {
        guard let code = status.code, code.name == "CAPABILITY", let argument = code.argument else { return }
        var reader = IMAPReader(Array((" " + argument).utf8))
        if let list = try? reader.capabilities() { self.status.update { $0.capabilities = Set(list) } }
    }

    private func finish(_ status: IMAPStatusResponse) {
        guard let exchange = exchanges.first, exchange.tag == status.tag else {
            return fail(.malformed(.malformedTag))
        }
        exchanges.removeFirst()
        // A command that is refused before it was wholly sent ends there (RFC 9051 §4.3).
        if let first = unsent.first, first === exchange {
            unsent.removeFirst()
            (awaitsGoAhead, sendsMessage) = (false, false)
        } else if idling === exchange {
            (idling, idleSince, awaitsGoAhead) = (nil, nil, false)
        }
        if status.status == .ok { perform(exchange.request.effect) }
        setMode()
        exchange.finish(.success(IMAPReplies(responses: exchange.responses, status: status)))
        send()
    }

    private func perform(_ effect: IMAPExchange.Effect) {
        guard effect != .none, let context else { return }
        do {
            switch effect {
            case .none: break
            case .compress: try context.pipeline.syncOperations.addHandler(DeflateHandler(), position: .before(self))
            case .startTLS:
                guard let tls = configuration.tls else { return fail(.notOffered("STARTTLS")) }
                guard input.readableBytes == 0 else { return fail(.clearOctetsAfterStartTLS) }
                // Nothing that was said in clear counts (RFC 9051 §6.2.1).
                status.update { $0.capabilities = [] }
                news = []
                let handler = try TLSHandler(
                    client: tls.current, serverName: configuration.serverName,
                    expectedHostname: configuration.serverName)
                isReading = false
                try handler.startTLS(context.pipeline.syncOperations, unread: 0)
            }
        } catch { fail((error as? TLSFailure).map(IMAPClientFailure.Cause.tls) ?? .connection("\(error)")) }
    }
}
