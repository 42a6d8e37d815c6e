"""Values: frozen records of named fields, made as cheaply as a command's start needs them.

`dataclass` here is `dataclasses.dataclass` to whoever reads or checks the code, and behaves like it: fields,
comparison, hash, text, `dataclasses.replace`, pickling and the order of its arguments are the same. But the
library writes and compiles six methods for each class while it is being imported, which for two hundred
classes takes longer than most commands run. Of a class ``frozen=True, slots=True`` only ``__init__`` is
written, when the first value is made; the rest is shared by all classes. Such a class has no heirs. Other
dataclasses are the library's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """See `dataclasses.dataclass`."""

        def made(cls: type) -> type:
            cheap = options == {"frozen": True, "slots": True} and cls.__bases__ == (object,)
            stated = stated_fields(cls) if cheap else {}
            if not stated or any(map(_is_unusual, stated.values())):
                return dataclasses.dataclass(**options)(cls)
            return _value(cls, stated)

        return made if cls is None else made(cls)


Stated = dict[str, Any]
"""Field by name: a `dataclasses.Field`, its default, or `dataclasses.MISSING`."""


class LazyFields:
    """The fields of a class as `dataclasses.fields` asks for them, found when they are asked for."""

    __slots__ = ("_options", "_stated")

    def __init__(self, stated: Stated, **options: bool) -> None:
        self._stated = stated
        self._options = options

    def __get__(self, instance: object, owner: type) -> Mapping[str, dataclasses.Field[Any]]:
        """The fields by name; from then on they are the class's own attribute."""
        told = {name: value for name, value in self._stated.items() if value is not dataclasses.MISSING}
        namespace = {"__module__": owner.__module__, "__doc__": "", **told}
        namespace["__annotations__"] = {name: _annotation(owner, name) for name in self._stated}
        shadow: Any = type(owner.__name__, (), namespace)
        dataclasses.dataclass(init=False, repr=False, eq=False, **self._options)(shadow)
        found: Mapping[str, dataclasses.Field[Any]] = shadow.__dataclass_fields__
        owner.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


def _annotation(owner: type, name: str) -> object:
    return next(base.__annotations__[name] for base in owner.__mro__ if name in base.__annotations__)


def stated_fields(cls: type) -> Stated:
    """What a class itself says of its fields, in their order; class variables are none."""
    told = cls.__dict__
    return {
        name: told.get(name, dataclasses.MISSING)
        for name, kind in cls.__annotations__.items()
        if not str(kind).startswith(("ClassVar", "typing.ClassVar"))
    }


def default_of(stated: Any) -> Any:
    """A field's default value, `dataclasses.MISSING` where it has none or makes one each time."""
    return stated.default if isinstance(stated, dataclasses.Field) else stated


def _is_unusual(stated: Any) -> bool:
    """Whether a field asks for what is not written here."""
    if not isinstance(stated, dataclasses.Field):
        return False
    return not stated.init or stated.hash is not None or stated.kw_only is True


def _value(cls: type, stated: Stated) -> type:
    """The class anew with slots for its fields, as ``slots=True`` makes it."""
    names = tuple(stated)
    namespace = {
        name: value for name, value in cls.__dict__.items() if name not in _OWN and name not in stated
    }
    compared = _reader(name for name, value in stated.items() if _takes_part(value, "compare"))
    shown = [name for name, value in stated.items() if _takes_part(value, "repr")]
    namespace |= {
        "__slots__": names,
        "__match_args__": names,
        "__qualname__": cls.__qualname__,
        "__dataclass_fields__": LazyFields(stated),
        "__signature__": _LazySignature(),
        "__setattr__": _refuse_setting,
        "__delattr__": _refuse_deleting,
        "__getstate__": _state,
        "__setstate__": _restore,
        "__replace__": replaced,
    }
    if namespace.get("__hash__", _reader) is None:
        del namespace["__hash__"]  # so Python says of a class with an ``__eq__`` of its own
    for name, method in _methods(stated, compared, shown).items():
        namespace.setdefault(name, method)
    return type(cls.__name__, (), namespace)


_OWN = ("__dict__", "__weakref__")


def _takes_part(stated: Any, in_what: str) -> bool:
    return not isinstance(stated, dataclasses.Field) or bool(getattr(stated, in_what))


def _reader(names: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What reads some fields of a value, as a tuple."""
    wanted = tuple(names)
    if len(wanted) > 1:
        return attrgetter(*wanted)
    return lambda value: tuple([getattr(value, name) for name in wanted])


def _methods(
    stated: Stated, compared: Callable[[Any], tuple[Any, ...]], shown: list[str]
) -> dict[str, Callable[..., Any]]:
    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
        _initialiser(type(self), stated)(self, *given, **named)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(compared(self))

    def __repr__(self: Any) -> str:  # noqa: N807
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({told})"

    return {"__init__": __init__, "__eq__": __eq__, "__hash__": __hash__, "__repr__": __repr__}


def _initialiser(cls: Any, stated: Stated) -> Callable[..., None]:
    """Write the class's ``__init__``, which takes the place of the one that asked for it."""
    given, body = [], []
    known: dict[str, Any] = {"_absent": dataclasses.MISSING}
    for number, (name, value) in enumerate(stated.items()):
        known[f"_set{number}"] = cls.__dict__[name].__set__
        default = default_of(value)
        made = isinstance(value, dataclasses.Field) and value.default_factory is not dataclasses.MISSING
        if made:
            known[f"_made{number}"] = value.default_factory
            given.append(f"{name}=_absent")
            body.append(f"_set{number}(self, _made{number}() if {name} is _absent else {name})")
        else:
            known[f"_default{number}"] = default
            given.append(name if default is dataclasses.MISSING else f"{name}=_default{number}")
            body.append(f"_set{number}(self, {name})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    written = f"def __init__(self, {', '.join(given)}):\n " + "\n ".join(body)
    exec(written, known)  # noqa: S102  the names of the class's own fields, as the library does
    found: Callable[..., None] = known["__init__"]
    found.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = found
    return found


class _LazySignature:
    """What `inspect.signature` asks a class for."""

    __slots__ = ()

    def __get__(self, instance: object, owner: Any) -> object:
        from inspect import Signature, signature

        found = signature(_initialiser(owner, dict(owner.__dataclass_fields__)))
        return Signature(list(found.parameters.values())[1:])


def replaced(self: Any, /, **changes: Any) -> Any:
    """What `copy.replace` asks for, from Python 3.13 on."""
    return dataclasses.replace(self, **changes)


def _refuse_setting(self: Any, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)
