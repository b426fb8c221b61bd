from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ObjectRef(_message.Message):
    __slots__ = ("key", "url")
    KEY_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    key: str
    url: str
    def __init__(self, key: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class ColourStop(_message.Message):
    __slots__ = ("value", "rgb")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    RGB_FIELD_NUMBER: _ClassVar[int]
    value: float
    rgb: int
    def __init__(self, value: _Optional[float] = ..., rgb: _Optional[int] = ...) -> None: ...

class Grid(_message.Message):
    __slots__ = ("epsg", "width", "height", "geotransform")
    EPSG_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    GEOTRANSFORM_FIELD_NUMBER: _ClassVar[int]
    epsg: int
    width: int
    height: int
    geotransform: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, epsg: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., geotransform: _Optional[_Iterable[float]] = ...) -> None: ...
