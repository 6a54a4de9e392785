import MSSSASL
import NIOCore

extension IMAPClientHandler {
    // MARK: Sending

    /// Sends a command; what waits behind one that needs the server's word is sent later.
    func submit(_ request: IMAPExchange.Request, _ loop: any EventLoop) -> IMAPExchange {
        lastTag += 1
        let exchange = IMAPExchange("C\(lastTag)", request, loop)
        if let failure {
            exchange.finish(.failure(failure))
            return exchange
        }
        if idleSince != nil { endIdle() }
        if exchanges.isEmpty { lastProgress = .now() }
        exchange.parts.prepend(.text(exchange.tag + " "))
        exchanges.append(exchange)
        unsent.append(exchange)
        setMode()
        send()
        return exchange
    }

    func send() {
        guard let context else { return }
        var text = ByteBuffer()
        while !awaitsGoAhead, !sendsMessage, let exchange = unsent.first {
            guard let part = exchange.parts.popFirst() else {
                text.writeString("\r\n")
                unsent.removeFirst()
                if exchange.request.isIdle {  // nothing can be said before the server idles
                    awaitsGoAhead = true
                    idling = exchange
                }
                continue
            }
            switch part {
            case .text(let part): text.writeString(part)
            case .literal(let string):
                let octets = string.utf8
                let capabilities = status.value.capabilities
                let goesAtOnce =
                    capabilities.contains(.literalPlus)
                    || (capabilities.contains(.literalMinus) && octets.count <= 4096)
                text.writeString(goesAtOnce ? "{\(octets.count)+}\r\n" : "{\(octets.count)}\r\n")
                if !goesAtOnce {
                    awaitsGoAhead = true
                    exchange.parts.prepend(.text(string))
                } else {
                    text.writeString(string)
                }
            case .message(let size):
                text.writeString("{\(size)}\r\n")
                awaitsGoAhead = true
            case .answers:
                text.writeString("\r\n")
                awaitsGoAhead = true
                exchange.parts.prepend(part)
            }
        }
        if text.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(text), promise: nil) }
    }

    /// The server says that it waits for more.
    func goAhead() {
        guard awaitsGoAhead, let exchange = exchanges.first else { return fail(.malformed(.unexpected("a response"))) }
        if exchange.request.isIdle {
            idleSince = .now()
            // Somebody may want something else meanwhile, or nobody anything.
            if exchanges.count > 1 || exchange.isAbandoned { endIdle() }
            return
        }
        if let wanted = exchange.messageWanted {
            awaitsGoAhead = false
            sendsMessage = true
            exchange.messageWanted = nil
            return wanted.succeed()
        }
        if case .answers(var messages)? = exchange.parts.first {
            exchange.parts.removeFirst()
            let answer = messages.isEmpty ? nil : messages.removeFirst()
            exchange.parts.prepend(.answers(messages))
            // RFC 9051 §6.2.2: `*` ends an exchange in which there is nothing more to say.
            let line = answer?.base64 ?? "*"
            context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: nil)
            return
        }
        awaitsGoAhead = false
        send()
    }

    /// Sends a piece of the message that was announced; the future succeeds when another one can follow.
    func give(_ piece: ByteBuffer, _ loop: any EventLoop) -> EventLoopFuture<Void> {
        guard let context, failure == nil else {
            return loop.makeFailedFuture(failure ?? IMAPClientFailure(.ended(nil)))
        }
        lastProgress = .now()
        context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        guard !context.channel.isWritable else { return loop.makeSucceededVoidFuture() }
        let promise = loop.makePromise(of: Void.self)
        writable.append(promise)
        return promise.futureResult
    }

    /// The message was sent.
    func endMessage() {
        sendsMessage = false
        send()
    }

    /// Ends `IDLE`, if the server idles.
    func endIdle() {
        guard idleSince != nil, let context else { return }
        idleSince = nil
        idling = nil
        awaitsGoAhead = false
        lastProgress = .now()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "DONE\r\n")), promise: nil)
        send()
    }

    /// Nobody takes what comes of a command; it runs to its end.
    func abandon(_ exchange: IMAPExchange) {
        exchange.abandon()
        if exchange.request.isIdle, exchanges.first === exchange { endIdle() }
        process()
    }

    func takeNews() -> [IMAPResponse] {
        defer { news = [] }
        return news
    }
}
