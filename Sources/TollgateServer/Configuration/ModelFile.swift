internal import Foundation
internal import TollgateAdmin
internal import TollgateCore

/// Reads a catalogue of models from a JSON file, of the form that `PUT /v1/models` takes.
enum ModelFile {
    /// The catalogue in a file.
    ///
    /// - Throws: what is wrong with it, with the path of the field.
    static func read(_ path: String) throws(ConfigurationError) -> ModelCatalogue {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("\(path): cannot be read")
        }
        do {
            return ModelCatalogue(try ModelFields.models(in: Array(data)))
        } catch {
            throw ConfigurationError("\(path): \(error.message)")
        }
    }
}
