"""Writes the vectors beside it: `python tests/vectors/geodesy/make.py`."""

import json
from math import isfinite
from pathlib import Path
from random import Random

from detente.domain import NotUnderstood
from detente.domain.window import to_us
from detente.geodesy import read_altitude, read_position_with_notes, read_time
from detente.geodesy.quantities import read_duration_s, read_length_m, read_speed_m_s

READERS = {"length": read_length_m, "duration": read_duration_s, "speed": read_speed_m_s}
TEXTS = {
    "length": (
        "5nm", "15 km", "1000ft", "1,5 km", "1.500 m", "1.500 km", "1,500 m", "1 500 m", "1'500 m", "1,500.0 ft", "5 M", "5 miles",
        "5", "", "ten km", "5 parsecs", "-5 km", "٥ km", "5 n.m.", "1.500.000 m", "0,500 km", "5 30 m", "3 nautical miles", "5 m" + " " * 200,
    ),
    "duration": ("5min", "90 s", "1h30m", "1 h 30 min", "2 days", "5", "5 years", "1h 30", "-5 min", "one hour"),
    "speed": ("120kt", "450 km/h", "30 m / s", "60 mph", "120", "120 warp", "-3 kt"),
}  # fmt: skip


def judged(kind, text):
    """What reading the text comes to: its value, or the refusal in its words."""
    try:
        return {"kind": kind, "text": text, "value": READERS[kind](text)}
    except NotUnderstood as error:
        return {"kind": kind, "text": text, "refused": {"what": error.what, "hint": error.hint}}


def quantities():
    """Every case."""
    return [judged(kind, text) for kind, texts in TEXTS.items() for text in texts]


# ── positions, moments, altitudes ────────────────────────────────────────────────────────────────────────────────────

POSITIONS = (
    "35.5, 35.8", "35.5 35.8", "35.5N 35.8E", "N35.5 E35.8", "35.8E 35.5N", "E35.8 N35.5", "35°30′00″N 035°48′00″E", "35°30'N 35°48'E",
    "35 30.0 N 035 48.0 E", "35 30 0 N 35 48 0 E", "353000N 0354800E", "3530N03548E", "3530.5N03548.25E", "353000.5N 0354800.25E", "N3512.5 E03548.2",
    "-33.9, 18.4", "35,5 35,8", "35,5;35,8", "35.5/35.8", "35.5N,35.8E", "35.5N35.8E", "35-30-00N 035-48-00E", "35:30:00N 35:48:00E", "35-30N 35-48E",
    "Lat: 35.5 Lon: 35.8", "Longitude: 35.8 Latitude: 35.5", "lat 35 30 N, long 35 48 E", "LATITUDE=35.5; LONGITUDE=35.8", "Широта 35.5 Долгота 35.8",
    "35.5 с.ш. 35.8 в.д.", "35.5 north 35.8 east", "35°30'S 35°48'W", "35.5S 35.8W", "35 deg 30 min N 35 deg 48 min E", "35d30m00sN 35d48m00sE",
    "geo:35.5,35.8", "geo:35.5,35.8;u=200", "geo:35.5,35.8,100;crs=wgs84", "geo:35.5,35.8;crs=moon", "+35.5+035.8/", "+3530+03548/", "+353000-0354800/",
    "+35.5+035.8CRSWGS_84/", "+35.5+035.8CRSED50/", "37SBV5208", "37S BV 52 08", "37SBV5207408412", "MGRS: 36SYE3000020000", "36S YE", "36SYE3", "36SYE 300 200",
    "WGS84 35.5N 35.8E", "35.5N 35.8E (WGS 84)", "35.5N 35.8E ED50", "35.5N 35.8E Pulkovo 1942", "35.5N 35.8E EPSG:4326", "35.5N 35.8E EPSG:32637",
    "٣٥٫٥, ٣٥٫٨", "−35.5, 35.8", "35.50, 35.8", "35.5000000, 35.8", "0, 0", "90N 180E", "90.0, -180.0", "35.5N 35.8E.", " 35.5N   35.8E ",
    # what has to be refused
    "135.5, 35.8", "35.5, 235.8", "35 30 35 48", "somewhere", "", "35.5", "35.5N", "35.5N 35.8N", "35.5E 35.8W", "35°61'N 35°00'E", "35°30'60\"N 35°00'E",
    "35.5 30N 35E", "35 30.5 20N 35E", "35.5°30'N 35°E", "353000N 035E", "3530N 0354800E", "-35.5N 35.8E", "N35.5N E35.8E", "35,5,35,8", "35,35", "35.5N 35.8O",
    "35 O 35 N", "36SYE300", "36SYE 30000 2000000", "36IYE3020", "61SYE3020", "36S YN", "37SBN5208", "36EYE3020", "3SBV5208", "35SBV5298", "37NNV5208", "Lat 35 Lat 35", "Lat 35E Lon 35N", "35..5 35.8", "35.5 N 35.8 E 12", "35.5N\n35.8E",
    "1e2, 3", "nan nan", "inf, 0", "0x10 0x20", "35.5N 35.8E" + " " * 200, "35-30-00 035-48-00", "2018-09-17 18:39", "35° 35°", "35'N 35'E", "35 30 00 35 48 00",
    "35 30 00,35 48 00", "35 30 00 , 35 48 00", "35 30 35 48 N", "35.5 N 35.8", "35.5,N 35.8,E", "N 35 30 E 35 48", "35º30'00''N 35º48'00''E", "35D30MN 35D48ME",
)  # fmt: skip
MOMENTS = (
    "171839ZSEP18", "17 1839Z SEP 2018", "172139CSEP18", "171839ZSEP1999", "171839ZSEP2099", "171839JSEP18", "171839SEP18", "171839ZSEP", "311839ZSEP18", "171839ZSEX18",
    "172400ZSEP18", "171860ZSEP18", "2018-09-17T18:39Z", "2018-09-17 18:39Z", "2018-09-17T18:39:21Z", "2018-09-17T18:39:21.5Z", "2018-09-17T18:39:21,123456789Z",
    "2018-09-17T21:39+03:00", "2018-09-17T21:39+0300", "2018-09-17T21:39 +03", "2018-09-17 21:39 UTC+3", "2018-09-17T18:39+99:99", "2018-09-17T18:39+14:00",
    "2018-09-17T18:39+14:01", "2018-09-17T18:39-12:00", "2018-09-17T18:39C", "2018-09-17T18:39J", "2018-09-17T18:39", "2018-09-17", "18:39Z"[:5], "20180917T1839Z", "20180917T183921Z",
    "2018-09-17T24:00Z", "2018-09-17T24:00:00Z", "2018-09-17T24:01Z", "2018-09-17T25:00Z", "2016-12-31T23:59:60Z", "2018-02-29T00:00Z", "2016-02-29T00:00Z", "2018-9-17T18:39Z",
    "0001-01-01T00:00Z", "0001-01-01T00:00+01:00", "0099-06-01T00:00Z", "9999-12-31T23:59Z", "9999-12-31T23:59-01:00", "0000-01-01T00:00Z", "1970-01-01T00:00Z", "1850-06-01T12:00Z",
    "2018-09-17 21:39 Asia/Damascus", "2018-03-30 00:30 Asia/Damascus", "2018-10-25 23:30 Asia/Damascus", "2018-07-01 12:00 America/New_York", "2018-07-01 12:00 Nowhere/City", "2018-07-01 12:00 America/NEw_York",
    "17.09.2018 18:39Z", "17/09/2018", "2018/09/17 18:39Z", "tomorrow", "", "١٧١٨٣٩ZSEP١٨", "2018-09-17t18:39z", "2018-09-17T18:39GMT", "2018-09-17T18:39 utc", "171839ZSEP0099",
)  # fmt: skip
ALTITUDES = (
    "FL240", "FL 240", "F240", "flight level 240", "FL95.5", "FL2400", "FLO90", "2000 ft AMSL", "2000ft MSL", "AMSL 2000 ft", "2,000 ft AMSL", "2.000 m AMSL", "1.5 km AMSL",
    "120 m AGL", "400ft above ground level", "400 ft a.g.l.", "2000 ft ASL", "150 m HAE", "150 m above the ellipsoid", "150 m WGS84", "5000 ft STD", "A045", "M0840", "S1250", "SFC", "GND",
    "surface", "the surface", "UNL", "unlimited", "2000 ft", "2000", "2000 AMSL", "2000 ft QNH", "2000 ft AAL", "QFE 500 ft", "-50 m AMSL", "- 50 m AMSL", "+50 m AMSL", "13000000 ft AMSL",
    "-13000 m AMSL", "AGL", "MSL", "sea level", "zero", "ground level", "2000' AMSL", "2000 ft. AMSL", "2000 furlongs AMSL", "AMSL 2000 ft AMSL", "FL", "deep", "٢٠٠٠ ft AMSL", "100 м AMSL",
)  # fmt: skip


def read_form(kind, text):
    """What reading the text comes to: its value, or that it is refused."""
    try:
        if kind == "position":
            read = read_position_with_notes(text)
            return [read.position.latitude_deg, read.position.longitude_deg, read.off_by_m]
        if kind == "moment":
            return to_us(read_time(text))
        limit = read_altitude(text, "upper")
        return [limit.reference.value, limit.value_m if isfinite(limit.value_m) else None]
    except NotUnderstood:
        return "refused"


def forms():
    """Every case, those that were mutated from others included: a sign or two dropped, doubled, changed, swapped."""
    cases = [("position", POSITIONS), ("moment", MOMENTS), ("altitude", ALTITUDES)]
    rows = [(kind, text) for kind, texts in cases for text in (*texts, *mutated(texts, Random(f"{kind} 1")))]
    return [{"kind": kind, "text": text, "value": read_form(kind, text)} for kind, text in dict.fromkeys(rows)]


def mutated(texts, random, count=400):
    """Texts with a sign or two out of place."""
    for _ in range(count):
        text = list(random.choice(texts)[:60])
        for _ in range(random.choice((1, 1, 2))):
            at = random.randrange(len(text) + 1)
            text[at : at + random.choice((0, 1))] = random.choice(
                ("", " ", ".", ",", "-", "N", "E", "0", "5", "°", "'", ":", "Z", "+", ";", "9")
            )
        yield "".join(text)


if __name__ == "__main__":
    for name, made in (("quantities.json", quantities()), ("forms.json", forms())):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in made)
        Path(__file__).with_name(name).write_text(f"[\n{rows}\n]\n", encoding="utf-8")
