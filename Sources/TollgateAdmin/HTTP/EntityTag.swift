internal import HTTPTypes

/// Versions of keys as HTTP's entity tags (RFC 9110 section 8.8.3): `"7"`.
enum EntityTag {
    /// The tag of a version.
    static func text(_ version: UInt64) -> String {
        "\"\(version)\""
    }

    /// The version that `If-Match` insists on; nil when any will do.
    ///
    /// - Throws: `invalid_header` when it is not `*` or one tag. A tag of another form, a weak one
    ///   included, is that of no version (RFC 9110 section 13.1.1): `version_mismatch`.
    static func required(_ headers: HTTPFields) throws(APIError) -> UInt64? {
        guard let text = headers[.ifMatch], text != "*" else { return nil }
        let tag = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
        guard
            tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\""),
            !tag.dropFirst().dropLast().contains("\"")
        else { throw .invalidHeader("If-Match", "must be * or one entity tag in quotes") }
        guard
            tag.startIndex == text.startIndex,
            let version = UInt64(tag.dropFirst().dropLast()), EntityTag.text(version) == tag
        else { throw .versionMismatch }
        return version
    }
}
