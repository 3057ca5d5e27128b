import Foundation
import Testing
import TollgateCore

@testable import TollgateServer

@Suite("The file of models")
struct ModelFileTests {
    private static let folder = CaseTable.folder.appending(path: "models").path + "/"

    private func refusal(_ path: String) -> String? {
        #expect(throws: ConfigurationError.self) { _ = try ModelFile.read(path) }?.description
    }

    private func model(_ name: String, in catalogue: ModelCatalogue) -> Model? {
        let bytes = Array(name.utf8)
        return catalogue.model(named: bytes.span)
    }

    @Test("Everything that a file says of a model is read")
    func whole() throws {
        let catalogue = try ModelFile.read(Self.folder + "good/whole.json")
        #expect(catalogue.models.map(\.id) == ["gpt-4o", "local", "free", "served"])
        let priced = try #require(model("FOUR-O", in: catalogue))
        #expect(priced.id == "gpt-4o")
        #expect(priced.provider == "openai")
        #expect(priced.maximumOutput == 16_384)
        let price = ModelPrice(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000)
        #expect(priced.price == price)
        let local = try #require(model("local", in: catalogue))
        #expect(local.price == nil, "no price is not a price of nothing")
        #expect(local.maximumOutput == nil)
        let free = try #require(model("free", in: catalogue))
        #expect(free.price == ModelPrice(input: 0, output: 0))
        let served = try #require(model("served", in: catalogue))
        #expect(served.suppliers == [ModelSupplier(name: "a", region: "EU")])
    }

    @Test("A file may have no models")
    func empty() throws {
        #expect(try ModelFile.read(Self.folder + "good/empty.json").models.isEmpty)
    }

    @Test(
        "Each file that cannot be is refused, with the place of what is wrong",
        arguments: try CaseTable.rows("models/bad.txt")
    )
    func bad(row: [String]) {
        let path = Self.folder + "bad/" + row[0]
        #expect(refusal(path) == "\(path): \(row[1])")
    }

    @Test("Every file of bad ones is in the table")
    func allBad() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder + "bad")
        let table = try CaseTable.rows("models/bad.txt").map { $0[0] }
        #expect(Set(files).isSubset(of: table))
    }

    @Test(
        "A price is exact, and what is below a pico-USD is rounded up",
        arguments: try CaseTable.rows("models/prices.txt")
    )
    func prices(row: [String]) throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write(
            "models.json",
            #"{"models":[{"id":"m","provider":"p","input_price":\#(row[0]),"output_price":0}]}"#
        )
        let price = try #require(try ModelFile.read(path).models.first?.price)
        #expect(String(price.input) == row[1])
    }

    @Test("The configuration takes the file's models, and names a file that cannot be")
    func configuration() throws {
        func read(_ file: String) throws -> ServerConfiguration {
            try ServerConfiguration(
                SettingValues(flags: ["models": file], environment: [:], file: nil)
            )
        }
        let configuration = try read(Self.folder + "good/whole.json")
        #expect(configuration.models.models.count == 4)
        #expect(configuration.modelFile == Self.folder + "good/whole.json")
        #expect(throws: ConfigurationError.self) { try read(Self.folder + "bad/list.json") }
    }

    @Test("More models than are taken are refused before anything is made of them")
    func tooMany() throws {
        let scratch = try ScratchDirectory()
        let entry = #"{"id":"m","provider":"p"}"#
        let entries = Array(repeating: entry, count: ModelCatalogue.modelLimit + 1)
        let path = try scratch.write(
            "models.json",
            #"{"models":[\#(entries.joined(separator: ","))]}"#
        )
        #expect(refusal(path) == "\(path): models must have at most 100000 entries.")
    }
}
