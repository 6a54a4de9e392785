import NIOCore

extension IMAPServerHandler {
    func ask(_ question: IMAPServerSession.Question, _ context: ChannelHandlerContext) {
        questions += 1
        let number = questions
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        if case .idle = question, let runner {
            task = Task(executorPreference: IMAPCommandThreads.shared) { [log] in
                let result = await IMAPCall.idle(runner, log)
                loop.execute { bound.value.answered(number, result) }
            }
            return
        }
        let (channel, table) = (channel, table)
        let call = IMAPCall(
            entryPoint: entryPoint, facts: session.facts, runner: runner, output: output, log: log,
            admit: { table.admit(channel, mailbox: $0.mailbox) })
        task = Task(executorPreference: IMAPCommandThreads.shared) {
            let result = await call.answer(question)
            loop.execute { bound.value.answered(number, result) }
        }
    }

    private func answered(_ number: Int, _ result: IMAPCall.Result) {
        if let opened = result.opened { runner = opened }
        guard number == questions, let context else { return }
        task = nil
        guard let answer = result.answer else { return context.close(promise: nil) }
        pendingAnswer = answer
        drive(context)
    }

    func abortAppend() {
        guard let runner else { return }
        let running = task
        Task {
            await running?.value
            await runner.abortAppend()
        }
    }

    func stopTask() {
        questions += 1
        task?.cancel()
        output.abandon()
    }

    /// The connection is over.
    func gone() {
        guard context != nil else { return }
        context = nil
        timer?.scheduled.cancel()
        timer = nil
        session.disconnected()
        stopTask()
        let (running, runner, channel, table) = (task, runner, channel, table)
        Task {
            await running?.value
            await runner?.abortAppend()
            table.remove(channel)
        }
    }
}
