// What the API says of itself: forms and filters are made from it, so that a field that the server
// knows is a field of the console.

/** The schemas and parameters of an OpenAPI document. */
export class Schemas {
  #document;

  constructor(document) {
    this.#document = document;
  }

  /** The schema of a component: `NewKey`. */
  named(name) {
    return this.#document.components.schemas[name];
  }

  /** The schema of what an operation takes: `post`, `/v1/organizations/{id}/credits`. */
  body(method, path) {
    return this.#document.paths[path][method].requestBody.content["application/json"].schema;
  }

  /** The schema of an object that has the parameters of a list as its members. */
  filters(path, names) {
    const parameters = this.#document.paths[path].get.parameters;
    const members = names.map((name) => {
      const parameter = parameters.find((parameter) => parameter.name === name);
      return [name, { ...parameter.schema, description: parameter.description }];
    });
    return { type: "object", properties: Object.fromEntries(members) };
  }

  /**
   * A schema as a control needs it: references followed and null taken out, as what is empty in a
   * form is null or missing anyway.
   */
  plain(schema) {
    const { description } = schema;
    if (schema.$ref) {
      const target = this.named(schema.$ref.split("/").at(-1));
      return { ...this.plain(target), ...(description && { description }) };
    }
    if (schema.anyOf) {
      const others = schema.anyOf.filter((other) => other.type !== "null");
      if (others.length === 1) return { ...this.plain(others[0]), ...(description && { description }) };
      return schema;
    }
    const type = Array.isArray(schema.type)
      ? schema.type.find((type) => type !== "null")
      : schema.type;
    return { ...schema, type, enum: schema.enum?.filter((word) => word !== null) };
  }
}
