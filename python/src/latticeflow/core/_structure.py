"""What all types of the package have in common: named fields, checked by name, with defaults."""

import enum
import json
from typing import Any, Callable, ClassVar, Dict, Mapping, Optional, Type, TypeVar

Self = TypeVar("Self", bound="Structure")


class Field:
    """One field: a default, or a factory of one, or neither for a field that must be given."""

    def __init__(
        self,
        default: Any = ...,
        *,
        factory: Optional[Callable[[], Any]] = None,
        read: Optional[Callable[[Any], Any]] = None,
    ) -> None:
        self.default = default
        self.factory = factory
        self.read = read

    @property
    def is_required(self) -> bool:
        return self.default is ... and self.factory is None


class Structure:
    """Takes keywords only and refuses unknown names; what was never set is left out of `model_dump`."""

    FIELDS: ClassVar[Dict[str, Field]] = {}
    """Of the class itself; those of its bases are added."""
    KEEPS_EXTRAS: ClassVar[bool] = False
    """Whether unknown names are kept as they are."""

    _fields: ClassVar[Dict[str, Field]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        fields: Dict[str, Field] = {}
        for base in reversed(cls.__mro__):
            fields.update(base.__dict__.get("FIELDS", {}))
        cls._fields = fields

    def __init__(self, **values: Any) -> None:
        unknown = [name for name in values if name not in self._fields]
        if unknown and not self.KEEPS_EXTRAS:
            known = ", ".join(sorted(self._fields))
            raise TypeError(f"{type(self).__name__} has no field {unknown[0]!r}; it has {known}")
        missing = [name for name, field in self._fields.items() if field.is_required and name not in values]
        if missing:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        # What says of which type it is belongs to the data, also where nobody wrote it.
        kind = self._fields.get("type")
        if kind is not None and not kind.is_required and "type" not in values:
            self.type = kind.default
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        field = self._fields.get(name)
        if field is None and not self.KEEPS_EXTRAS:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        self.__dict__[name] = value if field is None or field.read is None or value is None else field.read(value)

    def __getattr__(self, name: str) -> Any:
        # Only for what was not set.
        field = self._fields.get(name)
        if field is None or field.is_required:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if field.factory is None:
            return field.default
        # Kept, so that what is added to it stays.
        value = self.__dict__[name] = field.factory()
        return value

    @classmethod
    def model_validate(cls: Type[Self], value: Any) -> Self:
        """From a mapping; unknown names are dropped, or kept by types that keep extras."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"{cls.__name__} is made from a mapping, not from {type(value).__name__}")
        return cls(**{name: entry for name, entry in value.items() if cls.KEEPS_EXTRAS or name in cls._fields})

    @classmethod
    def model_validate_json(cls: Type[Self], text: str) -> Self:
        return cls.model_validate(json.loads(text))

    def model_dump(self, **_: Any) -> Dict[str, Any]:
        """As plain data, without the fields that were never set."""
        return {name: dump(value) for name, value in self.__dict__.items()}

    def model_dump_json(self, **_: Any) -> str:
        return json.dumps(self.model_dump())

    def model_copy(self: Self, *, update: Optional[Mapping[str, Any]] = None, deep: bool = False) -> Self:
        copied = type(self).model_validate(self.model_dump()) if deep else type(self)(**self.__dict__)
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = set(self.__dict__) | set(other.__dict__)
        return all(getattr(self, name, ...) == getattr(other, name, ...) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


class Subscriptable:
    """Chat types, whose fields are also there as `value["field"]`."""

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and hasattr(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)


def dump(value: Any) -> Any:
    """Plain data of anything made of these types, lists, tuples, mappings and enumerations."""
    if isinstance(value, Structure):
        return value.model_dump()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: dump(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [dump(entry) for entry in value]
    return value


def list_of(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Reads each entry of a list."""

    def read_all(values: Any) -> Any:
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"a list is wanted, not {type(values).__name__}")
        return [read(value) for value in values]

    return read_all
