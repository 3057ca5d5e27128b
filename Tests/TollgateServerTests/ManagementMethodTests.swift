import Testing
import TollgateAdmin
import TollgateGateway
import TollgateWire

@testable import TollgateServer

@Suite("The methods of tollgate.v1.KeyManagement")
struct ManagementMethodTests {
    @Test("are the operations of the REST API, in the proto file and in the transport's table")
    func names() throws {
        let messages = try MessageCatalogue(of: "tollgate.v1.KeyManagement")
        #expect(messages.methodNames == ManagementAPI.operationNames.sorted())
        #expect(ManagementMethods.names.sorted() == messages.methodNames)
    }

    @Test("have every field of the documents that the REST API has")
    func fields() throws {
        let messages = try MessageCatalogue(of: "tollgate.v1.KeyManagement")
        for (method, fields) in ManagementAPI.answerFields {
            let known = Set(messages.fields(answering: method))
            #expect(Set(fields).subtracting(known).isEmpty, "\(method)")
        }
        let records = ["key.", "organization.", "team.", "user.", "supplier.", "webhook."]
        for (method, fields) in ManagementAPI.bodyFields {
            let asked = messages.fields(asking: method)
            // What is in a record, and what is beside it.
            let known = asked.map { path in
                records.first { path.hasPrefix($0) }.map { String(path.dropFirst($0.count)) }
                    ?? path
            }
            #expect(Set(fields).subtracting(known).isEmpty, "\(method)")
        }
        for (method, fields) in ManagementAPI.parameterFields {
            let known = Set(messages.fields(asking: method))
            #expect(Set(fields).subtracting(known).isEmpty, "\(method)")
        }
    }
}
