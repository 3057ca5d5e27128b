internal import TollgateTransport

/// The methods of `tollgate.v1.KeyManagement`, which stand behind all others in the table.
package enum ManagementMethods {
    private static let paths: [StaticString] = [
        "/tollgate.v1.KeyManagement/CreateKey",
        "/tollgate.v1.KeyManagement/ListKeys",
        "/tollgate.v1.KeyManagement/GetKey",
        "/tollgate.v1.KeyManagement/UpdateKey",
        "/tollgate.v1.KeyManagement/DeleteKey",
        "/tollgate.v1.KeyManagement/EnableKey",
        "/tollgate.v1.KeyManagement/DisableKey",
        "/tollgate.v1.KeyManagement/RevokeKey",
        "/tollgate.v1.KeyManagement/RotateKey",
        "/tollgate.v1.KeyManagement/SimulateKey",
        "/tollgate.v1.KeyManagement/CreateTemporaryKey",
        "/tollgate.v1.KeyManagement/BulkKeys",
        "/tollgate.v1.KeyManagement/ImportKeys",
        "/tollgate.v1.KeyManagement/DeleteSession",
        "/tollgate.v1.KeyManagement/GetKeyUsage",
        "/tollgate.v1.KeyManagement/CreateOrganization",
        "/tollgate.v1.KeyManagement/ListOrganizations",
        "/tollgate.v1.KeyManagement/GetOrganization",
        "/tollgate.v1.KeyManagement/UpdateOrganization",
        "/tollgate.v1.KeyManagement/DeleteOrganization",
        "/tollgate.v1.KeyManagement/GetOrganizationUsage",
        "/tollgate.v1.KeyManagement/CreateTeam",
        "/tollgate.v1.KeyManagement/ListTeams",
        "/tollgate.v1.KeyManagement/GetTeam",
        "/tollgate.v1.KeyManagement/UpdateTeam",
        "/tollgate.v1.KeyManagement/DeleteTeam",
        "/tollgate.v1.KeyManagement/GetTeamUsage",
        "/tollgate.v1.KeyManagement/CreateUser",
        "/tollgate.v1.KeyManagement/ListUsers",
        "/tollgate.v1.KeyManagement/GetUser",
        "/tollgate.v1.KeyManagement/UpdateUser",
        "/tollgate.v1.KeyManagement/DeleteUser",
        "/tollgate.v1.KeyManagement/GetUserUsage",
        "/tollgate.v1.KeyManagement/PayCredits",
        "/tollgate.v1.KeyManagement/ListAuditLogs",
        "/tollgate.v1.KeyManagement/GetUsage",
        "/tollgate.v1.KeyManagement/ListModels",
        "/tollgate.v1.KeyManagement/PutModels",
        "/tollgate.v1.KeyManagement/GetModel",
        "/tollgate.v1.KeyManagement/DeleteModel",
        "/tollgate.v1.KeyManagement/ListSuppliers",
        "/tollgate.v1.KeyManagement/PutSuppliers",
        "/tollgate.v1.KeyManagement/GetSupplier",
        "/tollgate.v1.KeyManagement/UpdateSupplier",
        "/tollgate.v1.KeyManagement/DeleteSupplier",
        "/tollgate.v1.KeyManagement/ListWebhooks",
        "/tollgate.v1.KeyManagement/CreateWebhook",
        "/tollgate.v1.KeyManagement/GetWebhook",
        "/tollgate.v1.KeyManagement/UpdateWebhook",
        "/tollgate.v1.KeyManagement/DeleteWebhook",
        "/tollgate.v1.KeyManagement/TestWebhook",
        "/tollgate.v1.KeyManagement/ListDeliveries",
        "/tollgate.v1.KeyManagement/ListAlerts",
    ]

    static let methods = paths.map { Method($0, .unary, keepsHeaders: true) }

    /// The names of the methods, as the service has them.
    package static let names = paths.map { path in
        "\(path)".split(separator: "/").last.map { String($0) } ?? ""
    }
}
