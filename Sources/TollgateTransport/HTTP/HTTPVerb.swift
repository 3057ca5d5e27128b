/// The method of a plain HTTP request, as far as anything here depends on it.
///
/// The raw value is what a service finds in front of the request.
package enum HTTPVerb: UInt8, BitwiseCopyable, Sendable {
    /// Any that is not named here.
    case other
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options

    /// Reads what the request calls it.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self =
            if text.equals("GET") {
                .get
            } else if text.equals("POST") {
                .post
            } else if text.equals("HEAD") {
                .head
            } else if text.equals("PUT") {
                .put
            } else if text.equals("PATCH") {
                .patch
            } else if text.equals("DELETE") {
                .delete
            } else if text.equals("OPTIONS") {
                .options
            } else {
                .other
            }
    }
}
