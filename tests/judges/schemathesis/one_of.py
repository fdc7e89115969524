"""Leaves one field, not null, in each input object with @oneOf, which Schemathesis fills like any other.

It reads the schema without `isOneOf`, too: so this takes the schema file.
"""

import graphql


def corrected(document, schema, some_id):
    """The document with each such object as it has to be."""
    types = graphql.TypeInfo(schema)
    return graphql.visit(document, graphql.TypeInfoVisitor(types, OneOf(types, some_id)))


class OneOf(graphql.Visitor):
    """Replaces the objects when their fields have been visited."""

    def __init__(self, types, some_id):
        super().__init__()
        self.types = types
        self.some_id = some_id

    def leave_object_value(self, node, *_):
        type_ = graphql.get_named_type(self.types.get_input_type())
        if not getattr(type_, "is_one_of", False):
            return None
        given = [field for field in node.fields if not isinstance(field.value, graphql.NullValueNode)]
        return graphql.ObjectValueNode(fields=(given[0] if given else self.some(type_),))

    def some(self, type_):
        """Its first field, with a value that the field takes."""
        name, field = next(iter(type_.fields.items()))
        type_ = graphql.get_named_type(field.type)
        if isinstance(type_, graphql.GraphQLEnumType):
            value = graphql.EnumValueNode(value=next(iter(type_.values)))
        elif type_.name == "Boolean":
            value = graphql.BooleanValueNode(value=True)
        else:
            value = graphql.StringValueNode(value=self.some_id)
        return graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=value)
