internal import TollgateCore
internal import TollgateWire

/// What a denied client reads.
enum Denial {
    /// Writes the JSON body: `{"error":{"code","message","status","key_id"?}}`.
    static func writeBody(_ verdict: Verdict, to output: inout OutputBuffer) {
        output.append(#"{"error":{"code":""#)
        output.append(verdict.reason.code)
        output.append(#"","message":""#)
        // Messages are ours and hold nothing that JSON would have escaped.
        output.append(verdict.reason.message)
        output.append(#"","status":"#)
        output.appendDecimal(UInt64(verdict.reason.httpStatus))
        if let id = verdict.keyID {
            output.append(#","key_id":""#)
            output.append(id)
            output.append(#"""#)
        }
        output.append("}}")
    }
}
