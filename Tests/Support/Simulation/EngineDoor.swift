internal import TollgateCore
package import TollgateEngine
internal import TollgateTesting

/// The engine itself, with nothing in front of it.
package final class EngineDoor: SimulatedDoor {
    private let loop: DecisionLoop
    private var answers: [SimulatedAnswer] = []

    package init(_ engine: Engine) {
        loop = engine.makeLoop()
    }

    package func begin() {
        answers = []
        loop.beginTurn()
    }

    package func check(_ question: SimulatedCheck) {
        var request = CheckRequest()
        request.present(RandomWorld.secret(question.key))
        request.tokens = question.tokens
        request.inputTokens = question.input
        do {
            try request.set(.model, to: question.model)
            let verdict = try loop.check(&request)
            guard let charge = verdict.charge else { return answers.append(.denied) }
            let cost = charge.amounts.cost
            answers.append(.allowed(verdict.reservation, key: question.key, cost: cost))
        } catch {
            answers.append(.refused)
        }
    }

    package func settle(_ report: SimulatedReport) {
        var settlement = Settlement()
        settlement.reservation = report.reservation
        settlement.tokens = report.tokens
        do {
            answers.append(.settled(report.reservation, try loop.settle(settlement)))
        } catch EngineError.unknownReservation {
            answers.append(.unknown(report.reservation))
        } catch {
            answers.append(.refused)
        }
    }

    package func end() -> [SimulatedAnswer] {
        do {
            _ = try loop.commit()
            return answers
        } catch {
            return answers.map { _ in .refused }
        }
    }
}
