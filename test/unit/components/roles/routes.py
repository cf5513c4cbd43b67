"""Tests of components/roles/routes/routes.py, with functions and fields like those of FastAPI."""

import copy
import sys
import unittest
from unittest import mock

sys.path.insert(0, "components/roles/routes")
sys.modules.update(fastapi=None, cadwyn=None)
import routes  # noqa: E402


def parameters_of(path):
    return {part for part in path.split("/") if part.startswith("{")}


class RoutesTest(unittest.TestCase):
    def test_a_dependency_is_built_once_for_the_same_parameters(self):
        build = mock.Mock(side_effect=lambda **args: object())
        dependency = routes.dependency_once(build, parameters_of)
        first = dependency(path="/a/{id}", call=len, scopes=["read"])
        self.assertIs(dependency(path="/b/{id}", call=len, scopes=["read"]), first)
        others = [
            dependency(path="/a", call=len, scopes=["read"]),
            dependency(path="/a/{id}", call=max, scopes=["read"]),
            dependency(path="/a/{id}", call=len, scopes=["write"]),
            dependency(path="/a/{id}", call=len, scopes=["read"], name="n"),
        ]
        self.assertEqual(len({first, *others}), 5)
        self.assertEqual(build.call_args_list[0], mock.call(path="/a/{id}", call=len, scopes=["read"]))

    def test_what_has_no_hash_is_built_each_time(self):
        dependency = routes.dependency_once(lambda **args: object(), parameters_of)
        self.assertIsNot(dependency(path="/", call={}), dependency(path="/", call={}))
        length = routes.once(len)
        self.assertEqual([length([1]), length([1, 2]), length("abc")], [1, 2, 3])

    def test_a_field_builds_its_validator_at_first_use(self):
        class Field:
            built = 0

            def __init__(self):
                self.__post_init__()

            def __post_init__(self):
                Field.built += 1
                self._type_adapter = f"validator {Field.built}"

        routes.late(Field)
        field, other = Field(), copy.copy(Field())
        self.assertEqual(Field.built, 0)
        self.assertEqual([field._type_adapter, field._type_adapter], ["validator 1", "validator 1"])
        self.assertEqual(other._type_adapter, "validator 2")
        with self.assertRaises(AttributeError):
            field.other

    def test_without_fastapi_nothing_happens(self):
        routes.build_routes_once()

    def test_an_api_is_built_as_soon_as_it_has_its_routes(self):
        class Api:
            def __init__(self):
                self.routers, self.built = (), None

            def include(self, *routers):
                self.routers = routers

            def _cadwyn_initialize(self):
                self.built = self.routers

        api = Api()
        routes.at_once(Api.include)(api, "router")
        self.assertEqual(api.built, ("router",))


unittest.main()
