#!/usr/bin/env python3
"""Writes samples/applications.jsonl: 500 made-up applications, one JSON body of
POST /api/v1/applications (SubmitApplicationRequest) per line.

The applications fit the item versions in catalog/; the words they are made of are in
samples/vocabulary.toml. Nobody in them exists: every citizen id has a birth date before
1904, every credit code an XXXX body, every mobile number starts with 130 0000, every
organization is called 示例 (example).
The same catalog and the same words give the same file.

    python3 samples/generate.py
"""

import base64
import datetime
import json
import random
import struct
import tomllib
import zlib
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "samples" / "applications.jsonl"
TEXT = SimpleNamespace(**tomllib.loads((ROOT / "samples" / "vocabulary.toml").read_text(encoding="utf-8")))
LINES = 500
SEED = 430100

# How often a center or an item is chosen; what is not named weighs 1.
CENTER_WEIGHTS = {"430100": 9, "430102": 3, "430111": 3, "430104": 2, "430121": 2}
ITEM_WEIGHTS = {
    "restaurant-opening": 7, "company-registration": 6, "sole-trader-registration": 6,
    "food-business-licence": 5, "real-estate-transfer": 5, "birth-registration": 4,
    "resident-medical-insurance": 4, "building-planning-permit": 4, "construction-permit": 4,
    "mass-event-show": 3, "minimum-living-allowance": 3, "elderly-allowance": 3,
    "flexible-employment-insurance": 3, "project-filing": 3, "fire-safety-check": 3,
    "public-place-hygiene": 3, "road-excavation": 2, "tobacco-retail": 2, "pharmacy-opening": 2,
}

# The numbers of a form: by item and field, else by lead department, else by field.
RANGES = {
    ("construction-waste-disposal", "quantity"): (500, 60000), ("tree-felling", "quantity"): (1, 30),
    ("drainage-permit", "quantity"): (5, 300), ("water-abstraction", "quantity"): (2, 400),
    ("special-equipment-registration", "quantity"): (1, 12), ("road-freight-licence", "quantity"): (1, 20),
    ("social-organization-registration", "quantity"): (50, 120), ("animal-epidemic-certificate", "quantity"): (200, 20000),
    ("kindergarten-opening", "capacity"): (90, 360), ("kindergarten-opening", "floor_area"): (1200, 5000),
    ("elderly-care-opening", "floor_area"): (1500, 9000), ("real-estate-transfer", "floor_area"): (45, 180),
    ("rural-house-planning", "floor_area"): (100, 260), ("rural-house-planning", "land_area"): (80, 180),
    ("labour-dispatch-licence", "investment"): (200, 1000), ("company-registration", "investment"): (10, 2000),
    "floor_area": (40, 900), "land_area": (20, 400), "capacity": (20, 200), "investment": (200, 20000),
    "monthly_income": (600, 3000), "expected_attendance": (1000, 4900),
}
LARGE = {"zrzy", "zjj", "gfdy", "slj"}  # Departments that deal in whole buildings and sites.
LARGE_RANGES = {"floor_area": (3000, 90000), "land_area": (1500, 40000)}
PICTURES = ("photo", "sketch", "layout", "position", "card", "floor-plan")


def citizen_id(rng, regions, used):
    """A citizen id with the right check digit (GB 11643) and a birth date in 1900–1903."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    while True:
        born = datetime.date(1900, 1, 1) + datetime.timedelta(days=rng.randrange(4 * 365))
        body = f"{rng.choice(regions)}{born:%Y%m%d}{rng.randint(1, 999):03}"
        number = body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights)) % 11]
        if number not in used:
            used.add(number)
            return number


def credit_code(prefix, region, serial):
    """A unified social credit code (GB 32100) whose inner organization code (GB 11714) checks too."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    inner = f"XXXX{serial:04}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    check = 11 - sum(int(c, 36) * w for c, w in zip(inner, weights)) % 11
    body = prefix + region + inner + {10: "X", 11: "0"}.get(check, str(check))
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + alphabet[(31 - total % 31) % 31]


def pdf(lines):
    """A one-page PDF 1.4 with these lines of ASCII text."""
    text = " T* ".join(f"({line.replace('(', '').replace(')', '')}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 60 780 Td 18 TL {text} ET".encode("ascii")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (out + b"xref\n0 6\n0000000000 65535 f \n" + table
            + b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out))


def png(rng):
    """A small true-color PNG: a frame and two rooms."""
    width, height = 48, 32
    color = bytes(rng.randrange(90, 230) for _ in range(3))
    wall = rng.randrange(12, 36)
    rows = b"".join(
        b"\0" + b"".join(b"\0\0\0" if x in (0, wall, width - 1) or y in (0, height - 1) else color for x in range(width))
        for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def material_file(rng, item, material, applicant_name):
    """A file whose content is of the type that its name says."""
    code = material["code"]
    picture = any(part in code for part in PICTURES)
    kind = rng.choice(["png", "png", "pdf"] if picture else ["txt", "txt", "pdf"])
    if kind == "png":
        content = png(rng)
    elif kind == "pdf":
        content = pdf([material["name_en"], f"for: {item['name_en']}", "Sample document. It describes no real person or place."])
    else:
        sentence = next(text for part, text in TEXT.sentences.items() if part in code)
        content = f"{material['name_zh']}\n申请人：{applicant_name}。事项：{item['name_zh']}。\n{sentence}\n".encode()
    return {"file_name": f"{material['name_zh']}.{kind}", "content": base64.b64encode(content).decode()}


def person_name(rng, surname=None):
    """A made-up name; one in fifteen is a rare one, unless the surname is given."""
    if surname is None and rng.random() < 0.07:
        return rng.choice(TEXT.rare_names)
    return (surname or rng.choice(TEXT.surnames)) + "".join(rng.sample(TEXT.given, rng.choice((1, 2, 2, 2))))


def form_value(rng, item, field, center, address, applicant_name):
    """A value that fits the form field of this item."""
    code, name, lead = field["code"], item["code"], item["plan"]["lead"]
    match code:
        case "trade_name":
            return f"{'长沙' if name == 'company-registration' else ''}{rng.choice(TEXT.words)}示例{rng.choice(TEXT.shops[name])}"
        case "site_address":
            return address
        case "business_scope":
            return TEXT.scopes[name]
        case "project_name":
            return rng.choice(TEXT.words) + rng.choice(TEXT.plants if lead in ("fgj", "sthj", "slj") else TEXT.buildings)
        case "event_name":
            return rng.choice(TEXT.games if name == "mass-event-sport" else TEXT.shows)
        case "venue":
            return rng.choice(TEXT.venues)
        case "event_date" | "start_date":
            return (datetime.date(2027, 3, 1) + datetime.timedelta(days=rng.randrange(180))).isoformat()
        case "end_date":
            return datetime.date(2027, rng.randint(10, 12), rng.randint(1, 28)).isoformat()
        case "birth_date":
            return datetime.date(2026, rng.randint(9, 11), rng.randint(1, 20)).isoformat()
        case "child_name":
            return person_name(rng, "欧阳" if applicant_name.startswith("欧阳") else applicant_name[0])
        case "reason":
            return "树木靠近施工范围，需要移植保护。" if name == "tree-felling" else "家庭主要劳动力患病，收入减少。"
        case "subject_taught":
            return rng.choice(["小学语文", "小学数学", "初级中学英语", "幼儿园"])
        case "household_size":
            return str(rng.randint(1, 5))
    if code == "expected_attendance" and center == "430100":
        return str(rng.randint(5000, 20000))  # From 5,000 on the city's police decide.
    limits = RANGES.get((name, code)) or (LARGE_RANGES.get(code) if lead in LARGE else None) or RANGES[code]
    return str(rng.randint(*limits))


def subject(item, form):
    """What the application is about, in one line."""
    if item["code"] in TEXT.subjects:
        return TEXT.subjects[item["code"]].format(**form)
    for code in ("project_name", "trade_name", "event_name"):
        if code in form:
            return f"“{form[code]}”{item['name_zh']}"
    return f"{form['site_address']}{item['name_zh']}" if "site_address" in form else item["name_zh"]


def application(rng, item, center, divisions, serial, used):
    """One SubmitApplicationRequest for this item at this center."""
    districts = [code for code in divisions if code != "430100"]
    address = f"{divisions[center]}{rng.choice(TEXT.roads)}{rng.randint(1, 399)}号"
    if item["code"] in ("rural-house-planning", "animal-epidemic-certificate"):
        address = f"{divisions[center]}示例镇示例村{rng.randint(1, 20)}组"
    person = item["audience"] == "PERSON" or (item["audience"] == "ANYONE" and rng.random() < 0.5)
    applicant = {"kind": "PERSON" if person else "ORGANIZATION"}
    if person:
        applicant |= {"name": person_name(rng), "id_number": citizen_id(rng, districts, used)}
    else:
        trade = TEXT.trades.get(item["code"]) or TEXT.trades.get(item["plan"]["lead"], "商贸")
        small = item["code"] in TEXT.sole_traders and rng.random() < 0.5
        suffix = "服务部（个体工商户）" if small else "有限公司"
        name = f"长沙{rng.choice(TEXT.words)}示例{trade}{suffix}"
        if not small and rng.random() < 0.06:
            name = rng.choice(TEXT.long_organizations)
        applicant |= {"name": name, "id_number": credit_code("92" if small else "91", rng.choice(districts), serial)}
        applicant["contact_name"] = person_name(rng)
    applicant["mobile"] = f"1300000{serial:04}"
    room = "" if address.endswith("组") else f"{rng.randint(1, 20)}栋{rng.randint(1, 9)}0{rng.randint(1, 4)}室"
    applicant["address"] = address + room

    form = {field["code"]: form_value(rng, item, field, center, address, applicant["name"])
            for field in item.get("form", []) if field["required"] or rng.random() < 0.6}
    materials = []
    for material in item["materials"]:
        code, necessity = material["code"], material["necessity"]
        if material["source"] != "APPLICANT" or (necessity == "OPTIONAL" and rng.random() < 0.65):
            continue
        if necessity == "DEFERRABLE" and rng.random() < 0.4:
            materials.append({"code": code, "promised": True})
        else:
            materials.append({"code": code, "file": material_file(rng, item, material, applicant["name"])})
    return {"center": center, "item": item["code"], "applicant": applicant, "subject": subject(item, form),
            "form": form, "materials": materials}


def main():
    rng = random.Random(SEED)
    organization = tomllib.loads((ROOT / "catalog" / "organization.toml").read_text(encoding="utf-8"))
    divisions = {c["code"]: c["name_zh"].removesuffix("政务服务中心") for c in organization["centers"]}
    # Districts are written after the city's name, counties and county-level cities alone.
    divisions = {code: name if name.endswith("区") else name.removeprefix("长沙市") or name for code, name in divisions.items()}
    items = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "catalog" / "items").glob("*.toml"))]

    # Every item twice, the rest by weight; every item's center by the center's weight.
    chosen = items * 2
    chosen += rng.choices(items, [ITEM_WEIGHTS.get(i["code"], 1) for i in items], k=LINES - len(chosen))
    rng.shuffle(chosen)
    used = set()
    with OUTPUT.open("w", encoding="utf-8", newline="\n") as out:
        for serial, item in enumerate(chosen, 1):
            center = rng.choices(item["centers"], [CENTER_WEIGHTS.get(c, 1) for c in item["centers"]])[0]
            request = application(rng, item, center, divisions, serial, used)
            out.write(json.dumps(request, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
