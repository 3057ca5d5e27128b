internal import TollgateCore

/// Which groups belong together.
///
/// A team and a user belong to an organisation for good; a user may have a team of the same
/// organisation. A key belongs to an organisation, or to none, and within it may belong to a team, a
/// user, or both; it can be moved.
struct GroupMembership {
    let catalogue: any GroupCatalogue
    /// What whoever names groups may see of them.
    var scope = Scope.everything

    /// The same, for who sees no more than this.
    func within(_ scope: Scope) -> GroupMembership {
        GroupMembership(catalogue: catalogue, scope: scope)
    }

    /// The groups that something belongs to.
    struct Place: Equatable {
        var organization: String?
        var team: String?
        var user: String?
    }

    /// The group that a field names.
    ///
    /// - Throws: `.invalid` when there is none, or one that was deleted; `.forbidden` for every name
    ///   that is none in sight.
    func group(_ kind: GroupKind, _ name: String) throws(RegistryError) -> GroupRecord {
        let record: GroupRecord?
        do {
            record = try GroupID(kind, name).flatMap { id throws(StorageError) in
                try catalogue.group(id)
            }
        } catch {
            throw .unavailable
        }
        guard scope.isEverything || record.map(isInSight) == true else {
            throw .forbidden(field: kind.field, "is not within your own scope")
        }
        guard let record else {
            throw .invalid(field: kind.field, "names no \(kind.noun)")
        }
        guard !record.isDeleted else {
            throw .invalid(field: kind.field, "names a \(kind.noun) that was deleted")
        }
        return record
    }

    /// Makes sure that a key says nothing that is wider than what an administrator's own groups say.
    ///
    /// What the key leaves open is theirs to say, when it is used.
    ///
    /// - Parameters:
    ///   - scope: the administrator's.
    ///   - restrictions: those of the key as it is to be.
    /// - Throws: `.forbidden` with the first field that is wider; `.unavailable`.
    func requireWithin(
        _ scope: Scope,
        _ restrictions: Restrictions
    ) throws(RegistryError) {
        let names: [(GroupKind, String?)] = [
            (.organization, scope.organization), (.team, scope.team), (.user, scope.user),
        ]
        for (kind, name) in names {
            guard let name else { continue }
            let bound = try group(kind, name).restrictions
            do {
                try restrictions.inheriting(from: bound).requireNoWider(than: bound)
            } catch {
                throw RegistryError(error)
            }
        }
    }

    private func isInSight(_ group: GroupRecord) -> Bool {
        scope.contains(group) || scope.isBelow(group.id)
    }

    /// Fills in what follows: the team from the user, the organisation from the team or the user.
    ///
    /// - Throws: `.invalid` with the first field that names nothing or does not belong.
    func completing(_ place: Place) throws(RegistryError) -> Place {
        var place = place
        if let name = place.user {
            let user = try group(.user, name)
            if let team = user.team {
                guard place.team == nil || place.team == team else {
                    throw .invalid(field: "team_id", "is not the team of the user")
                }
                place.team = team
            }
            try join(&place, user)
        }
        if let name = place.team { try join(&place, try group(.team, name)) }
        if let name = place.organization { _ = try group(.organization, name) }
        return place
    }

    private func join(_ place: inout Place, _ group: GroupRecord) throws(RegistryError) {
        guard place.organization == nil || place.organization == group.organization else {
            throw .invalid(field: group.id.kind.field, "belongs to another organization")
        }
        place.organization = group.organization
    }

    /// Puts a key where its changes say.
    ///
    /// A key that comes to another organisation, because that is named or a team or a user of it, leaves
    /// behind whatever is not named: groups belong to one organisation. One that stays keeps the rest.
    ///
    /// - Parameters:
    ///   - record: the key.
    ///   - changes: what is to be different.
    ///   - isNew: whether the key does not exist yet, so that no organisation says no more than nothing.
    /// - Throws: `.invalid` with the first field that cannot be.
    func place(
        _ record: inout KeyRecord,
        _ changes: KeyChanges,
        isNew: Bool
    ) throws(RegistryError) {
        guard changes.organization != nil || changes.team != nil || changes.user != nil else {
            return
        }
        var place = try completing(
            Place(
                organization: changes.organization ?? nil,
                team: changes.team ?? nil,
                user: changes.user ?? nil
            )
        )
        if !isNew, changes.organization == .some(nil), place.organization != nil {
            let field = changes.user.flatMap(\.self) != nil ? "user_id" : "team_id"
            throw .invalid(field: field, "belongs to an organization, but organization_id is null")
        }
        if changes.organization == nil, place.organization == nil {
            place.organization = record.organization
        }
        if place.organization == record.organization {
            // A user's new keys get the user's team, and so does a key that moves to a user.
            if changes.team == nil, changes.user == nil { place.team = record.team }
            if changes.user == nil { place.user = record.user }
            place = try completing(place)
        }
        record.organization = place.organization
        record.team = place.team
        record.user = place.user
    }
}
