"""Makes documents such as a client would send, where the schema cannot say what that is.

A page is asked for from one end, and is small; nobody makes a cursor up; a period ends after it has begun; the user whose rows
are wanted is one. One document in ten stays as Schemathesis made it.
"""

from zlib import crc32

import graphql

NULL = graphql.NullValueNode()
LARGEST_PAGE = 3


def plausible(document, users):
    """The document as a client would send it, or, one time in ten, as it is. The same document always goes the same way."""
    number = crc32(graphql.print_ast(document).encode())
    return document if number % 10 == 0 else graphql.visit(document, Plausible(users, number))


class Plausible(graphql.Visitor):
    """Replaces arguments and input objects; what it chooses depends on nothing but the document."""

    def __init__(self, users, number):
        super().__init__()
        self.users = users
        self.number = number

    def leave_field(self, node, *_):
        names = {argument.name.value for argument in node.arguments}
        changes = {name: NULL for name in ("after", "before") if name in names}
        if "userId" in names and not is_null(argument(node, "userId")):
            changes["userId"] = graphql.StringValueNode(value=self.users[self.number % len(self.users)])
        if "first" in names:
            changes |= self.page(node, "last" in names)
        return with_arguments(node, changes) if changes else None

    def leave_object_value(self, node, *_):
        values = {field.name.value: field.value for field in node.fields}
        if set(values) != {"from", "to"} or any(is_null(value) for value in values.values()):
            return None
        earlier, later = sorted(values.values(), key=lambda value: value.value)
        return graphql.ObjectValueNode(fields=tuple(
            graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=value)
            for name, value in (("from", earlier), ("to", later))
        ))

    def page(self, node, has_two_ends):
        """A few rows from one end: the last ones where only `last` is given."""
        end = "last" if has_two_ends and is_null(argument(node, "first")) and not is_null(argument(node, "last")) else "first"
        given = argument(node, end)
        rows = 1 if is_null(given) else 1 + abs(int(given.value)) % LARGEST_PAGE
        page = {end: graphql.IntValueNode(value=str(rows))}
        return page | ({"first": NULL, "last": NULL} | page if has_two_ends else {})


def is_null(value):
    return isinstance(value, graphql.NullValueNode)


def argument(node, name):
    return next(argument.value for argument in node.arguments if argument.name.value == name)


def with_arguments(node, changes):
    """A copy of the field with other values for some of its arguments."""
    arguments = tuple(
        graphql.ArgumentNode(name=old.name, value=changes.get(old.name.value, old.value)) for old in node.arguments
    )
    return graphql.FieldNode(
        alias=node.alias,
        name=node.name,
        arguments=arguments,
        directives=node.directives,
        selection_set=node.selection_set,
    )
