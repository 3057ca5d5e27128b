/// An import as it is written.
private struct Import {
    let access: String?
    let module: String
    let line: Int
}

extension SourceFile {
    fileprivate var imports: [Import] {
        code.indices.compactMap { index in
            guard code[index].isWord("import"), index + 1 < code.count else { return nil }
            let line = code[index].line
            let before = code[..<index].reversed().prefix { $0.line == line }
            let levels = ["private", "fileprivate", "internal", "package", "public"]
            let kinds = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let"]
            let module = kinds.contains(code[index + 1].text) ? index + 2 : index + 1
            guard module < code.count else { return nil }
            return Import(
                access: before.first { $0.kind == .word && levels.contains($0.text) }?.text,
                module: code[module].text,
                line: line
            )
        }
    }
}

/// Which way the imports point: docs/architecture.md.
enum ImportRules {
    /// The C libraries, and the rooms that may see them.
    private static let libraries: [String: Set<String>] = [
        "CNghttp2": ["TollgateTransport"],
        "COpenSSL": ["TollgateTransport", "TollgateCrypto"],
        "CRocksDB": ["TollgateStore"],
        "CProtobufC": ["TollgateWire"],
        "CTollgateProto": ["TollgateWire"],
    ]

    /// The rooms, and those that each may look into.
    private static let rooms: [String: Set<String>] = [
        "TollgateCore": [],
        "TollgateMetrics": [],
        "TollgateCrypto": ["TollgateCore"],
        "TollgateEngine": ["TollgateCore", "TollgateCrypto"],
        "TollgateWire": ["TollgateCore"],
        "TollgateStore": [
            "TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateMetrics", "TollgateWire",
        ],
        "TollgateTransport": ["TollgateMetrics"],
        "TollgateGateway": [
            "TollgateCore", "TollgateEngine", "TollgateTransport", "TollgateWire",
        ],
        "TollgateAdmin": ["TollgateCore", "TollgateEngine", "TollgateMetrics"],
        "TollgateServer": [
            "TollgateAdmin", "TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateGateway",
            "TollgateMetrics", "TollgateStore", "TollgateTransport",
            "TollgateWire",
        ],
        // Beside the server it is a client: of the REST API's JSON and of the RPC's messages.
        "tollgate": ["TollgateAdmin", "TollgateCore", "TollgateServer", "TollgateWire"],
        // It fills a store before the server starts: a hundred thousand keys by REST take too long.
        "tollgate-bench": ["TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateStore"],
        "TollgateTesting": ["TollgateCore", "TollgateEngine"],
    ]

    /// Rooms that do without Foundation: it is large, slow, and differs between systems.
    private static let roomsWithoutFoundation: Set<String> = [
        "TollgateCore", "TollgateCrypto", "TollgateEngine", "TollgateMetrics", "TollgateWire",
        "TollgateTransport",
    ]

    static let accessLevel = Rule(
        name: "Every import says how far it is seen, and none is public",
        check: { file in
            guard file.isProduct else { return [] }
            return file.imports.filter { $0.access == nil || $0.access == "public" }.map {
                file.violation($0.line, "import \($0.module) needs internal, private or package")
            }
        },
        broken: [
            SourceFile("Sources/TollgateCore/A.swift", "import Synchronization\n"),
            SourceFile("Sources/TollgateCore/A.swift", "public import Synchronization\n"),
            SourceFile("Sources/TollgateCore/A.swift", "@preconcurrency import NIOCore\n"),
            SourceFile("Sources/TollgateCore/A.swift", "internal import A\nimport struct B.C\n"),
        ],
        kept: [
            SourceFile(
                "Sources/TollgateCore/A.swift",
                "// import Foundation\ninternal import A\npackage import struct B.C\n"
                    + "@preconcurrency private import D\nlet text = \"import E\"\n"
            )
        ]
    )

    static let libraryWalls = Rule(
        name: "C libraries stay in their rooms, and out of what other rooms see",
        check: { file in
            guard file.isProduct else { return [] }
            return file.imports.compactMap { entry in
                guard let rooms = libraries[entry.module] else { return nil }
                if !rooms.contains(file.room) {
                    return file.violation(entry.line, "\(entry.module) is for \(rooms.sorted())")
                }
                return entry.access == "package"
                    ? file.violation(entry.line, "\(entry.module) must not leave the room") : nil
            }
        },
        broken: [
            SourceFile("Sources/TollgateCore/A.swift", "internal import CRocksDB\n"),
            SourceFile("Sources/TollgateGateway/A.swift", "internal import CNghttp2\n"),
            SourceFile("Sources/TollgateStore/A.swift", "package import CRocksDB\n"),
            SourceFile("Sources/TollgateStore/Deep/A.swift", "private import CTollgateProto\n"),
        ],
        kept: [
            SourceFile("Sources/TollgateStore/Deep/A.swift", "internal import CRocksDB\n"),
            SourceFile("Sources/TollgateCrypto/A.swift", "internal import COpenSSL\n"),
        ]
    )

    static let directions = Rule(
        name: "Rooms look only into the rooms below them",
        check: { file in
            guard file.isProduct else { return [] }
            guard let allowed = rooms[file.room] else {
                return [file.violation(1, "the room \(file.room) is not in the plan of the house")]
            }
            return file.imports
                .filter { rooms[$0.module] != nil && !allowed.contains($0.module) }
                .map { file.violation($0.line, "\(file.room) must not look into \($0.module)") }
        },
        broken: [
            SourceFile("Sources/TollgateCore/A.swift", "internal import TollgateEngine\n"),
            SourceFile("Sources/TollgateEngine/A.swift", "package import TollgateStore\n"),
            SourceFile("Sources/TollgateTransport/A.swift", "internal import TollgateGateway\n"),
            SourceFile("Sources/TollgateServer/A.swift", "internal import TollgateTesting\n"),
            SourceFile("Sources/TollgateAttic/A.swift", ""),
        ],
        kept: [
            SourceFile("Sources/TollgateEngine/A.swift", "package import TollgateCore\n"),
            SourceFile("Sources/TollgateTransport/A.swift", "internal import NIOCore\n"),
            SourceFile("Tests/TollgateCoreTests/A.swift", "internal import TollgateTesting\n"),
        ]
    )

    static let foundation = Rule(
        name: "Core, Crypto, Engine, Wire and Transport do without Foundation",
        check: { file in
            guard file.isProduct, roomsWithoutFoundation.contains(file.room) else { return [] }
            return file.imports.filter { $0.module.hasPrefix("Foundation") }
                .map { file.violation($0.line, "no \($0.module) here") }
        },
        broken: [
            SourceFile("Sources/TollgateEngine/A.swift", "internal import Foundation\n"),
            SourceFile("Sources/TollgateWire/A.swift", "private import FoundationEssentials\n"),
        ],
        kept: [
            SourceFile("Sources/TollgateServer/A.swift", "internal import Foundation\n"),
            SourceFile("Sources/TollgateCore/A.swift", "internal import Synchronization\n"),
        ]
    )
}
