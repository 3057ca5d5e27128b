internal import Foundation

/// How many instructions one check takes, and where.
///
/// The same binary gives the same number on any machine, within 1 %. Background threads do not see
/// how slow callgrind is: what they do by the clock, not by the check, counts some 50 times more than
/// in life, so the event loop has a row of its own.
struct InstructionsScenario: Scenario {
    /// Whether the key is limited, and the user, the team and the organisation that it belongs to.
    let isLimited: Bool
    let countsInstructions = true

    var name: String { isLimited ? "limited-instructions" : "instructions" }

    var summary: String {
        "the same question under callgrind, one connection, ten calls at a time"
            + (isLimited ? ", every level limited" : "")
    }

    /// What costs more than it seems, and should not be in the way of a check.
    private static let counted = [
        "malloc", "calloc", "realloc", "free", "swift_allocObject", "swift_retain",
        "swift_release", "swift_bridgeObjectRetain", "swift_bridgeObjectRelease",
        "swift_beginAccess", "pthread_mutex_lock@@GLIBC_2.2.5", "clock_gettime@@GLIBC_2.17",
        "write", "writev", "read", "recv", "epoll_wait",
    ]

    /// Those of them whose callers are named: each is a call that need not be there.
    private static let traced = [
        "malloc", "swift_allocObject", "swift_retain", "swift_bridgeObjectRetain",
        "swift_beginAccess",
    ]

    func run(on workbench: Workbench) throws -> [String] {
        let settings = workbench.settings
        let (data, secrets) = try store(of: workbench)
        let check = EnvoyCheck(secret: secrets.good, model: SeededStore.allowedModel)
        let generator = try workbench.load(asking: check)
        let nghttpd = try CallgrindRun("nghttpd", in: workbench.directory).measure(
            settings.requests,
            with: generator,
            start: { try workbench.startNghttpd(under: $0) },
            verify: { _ in 0 }
        )
        let tollgate = try CallgrindRun("tollgate", in: workbench.directory).measure(
            settings.requests,
            with: generator,
            start: { try workbench.startTollgate(on: data, under: $0) },
            verify: { server in
                let length = try workbench.verifyAnswers(of: server, secrets)
                // What is left of limits is a number with fewer digits now and then.
                return isLimited ? nil : length
            }
        )
        return [
            totals(tollgate, nghttpd, workbench).description,
            objects(tollgate, nghttpd).description,
            calls(tollgate, nghttpd).description,
            callers(in: tollgate, workbench).description,
            functions(of: tollgate, by: \.own, "instructions in the function itself", workbench),
            functions(of: tollgate, by: \.inclusive, "with what it calls", workbench),
            "Instructions for each of \(settings.requests.grouped) requests of "
                + "\(check.message.count) bytes.",
        ]
    }

    private func store(of workbench: Workbench) throws -> (URL, SeededStore.Secrets) {
        guard isLimited else { return (workbench.data, workbench.secrets) }
        let data = workbench.directory.appending(path: "limited")
        let list = try LimitedStore.make(at: data, keyCount: workbench.settings.keyCount)
        let good = list.text(list.count / 2)
        return (data, SeededStore.Secrets(good: good, unknown: workbench.secrets.unknown))
    }

    private func totals(
        _ tollgate: CallgrindRun.Result,
        _ nghttpd: CallgrindRun.Result,
        _ workbench: Workbench
    ) -> Table {
        var table = Table("server", "thread:", "instructions/request", ": nghttpd")
        let base = nghttpd.share(nghttpd.profile.total)
        for (name, result) in [("tollgate", tollgate), ("nghttpd", nghttpd)] {
            let all = result.share(result.profile.total)
            table.add(name, "all", all.rounded(to: 0), (all / base).rounded(to: 2))
            let busy = result.threads.filter { result.share($0.instructions) >= 1 }
            if busy.count < 2 { continue }
            let names = SwiftNames.readable(busy.map(\.function), in: workbench.directory)
            for (thread, name) in zip(busy, names) {
                let own = result.share(thread.instructions)
                table.add("", name, own.rounded(to: 0), (own / base).rounded(to: 2))
            }
        }
        return table
    }

    private func objects(_ tollgate: CallgrindRun.Result, _ nghttpd: CallgrindRun.Result) -> Table {
        var table = Table("in", "tollgate", "nghttpd")
        let own = tollgate.profile.byObject
        let other = nghttpd.profile.byObject
        let names = Set(own.keys).union(other.keys)
        for name in names.sorted(by: { own[$0, default: 0] > own[$1, default: 0] }) {
            let shares = (
                tollgate.share(own[name, default: 0]), nghttpd.share(other[name, default: 0])
            )
            if max(shares.0, shares.1) < 10 { continue }
            table.add(name, shares.0.rounded(to: 0), shares.1.rounded(to: 0))
        }
        return table
    }

    private func calls(_ tollgate: CallgrindRun.Result, _ nghttpd: CallgrindRun.Result) -> Table {
        var table = Table("calls/request", "tollgate", "nghttpd")
        for name in InstructionsScenario.counted {
            let own = tollgate.share(tollgate.profile.calls(of: name))
            let other = nghttpd.share(nghttpd.profile.calls(of: name))
            table.add(
                String(name.prefix { $0 != "@" }),
                own.rounded(to: 2),
                other.rounded(to: 2)
            )
        }
        return table
    }

    private func callers(in result: CallgrindRun.Result, _ workbench: Workbench) -> Table {
        var table = Table("call", "by:", "each request")
        for name in InstructionsScenario.traced {
            let callers = result.profile.callers(of: name).prefix { result.share($0.calls) >= 0.5 }
            let names = SwiftNames.readable(callers.map(\.caller.name), in: workbench.directory)
            for ((_, calls), caller) in zip(callers, names) {
                table.add(name, caller, result.share(calls).rounded(to: 2))
            }
        }
        return table
    }

    private func functions(
        of result: CallgrindRun.Result,
        by cost: KeyPath<CallgrindProfile.Cost, Int>,
        _ heading: String,
        _ workbench: Workbench
    ) -> String {
        let sorted = result.profile.costs.sorted {
            $0.value[keyPath: cost] > $1.value[keyPath: cost]
        }
        let top = sorted.prefix(workbench.settings.top)
        let names = SwiftNames.readable(top.map(\.key.name), in: workbench.directory)
        var table = Table(heading + ":", "each request", "calls", "in:")
        for ((function, costs), name) in zip(top, names) {
            table.add(
                name,
                result.share(costs[keyPath: cost]).rounded(to: 0),
                result.share(costs.calls).rounded(to: 2),
                function.object
            )
        }
        return table.description
    }
}
