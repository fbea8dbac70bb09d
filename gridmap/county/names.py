"""Made-up names in both languages, the same thing said twice."""

from collections.abc import Iterator

from numpy.random import Generator

FIRST = (
    "云Yun 柳Liu 石Shi 竹Zhu 松Song 梅Mei 白Bai 青Qing 杏Xing 桃Tao 枫Feng 槐Huai 荷He 兰Lan 茶Cha 麦Mai 稻Dao 枣Zao 葛Ge 栗Li 桐Tong "
    "鹿Lu 雁Yan 月Yue 霞Xia 棠Tang 榆Yu 杉Shan 蓼Liao 莲Lian 菊Ju 银Yin 暮Mu 晴Qing 苇Wei 椿Chun"
)
SECOND = (
    "坪ping 岭ling 湾wan 塘tang 桥qiao 坡po 沟gou 田tian 岗gang 滩tan 庄zhuang 铺pu 井jing 店dian 渡du 坊fang 谷gu 埂geng 坝ba 岔cha "
    "屯tun 墩dun 畈fan 沿yan 窑yao"
)
REAL = ("青田", "晴田", "荷塘")
"""Counties and districts are called so, or sound so."""

Name = tuple[str, str]
"""中文 and English."""


def deal(rng: Generator) -> Iterator[Name]:
    """Place names without a suffix, such as ("柳坪", "Liuping"), no two alike in either language; there are about 850."""
    made = [(first[0] + second[0], first[1:] + second[1:]) for first in FIRST.split() for second in SECOND.split()]
    distinct = {english: (chinese, english) for chinese, english in reversed(made) if chinese not in REAL}
    names = [distinct[english] for english in sorted(distinct)]
    yield from (names[position] for position in rng.permutation(len(names)))


def called(name: Name, suffix: Name) -> Name:
    """The name with what it names: ("柳坪", "Liuping") and ("村", "Village") make ("柳坪村", "Liuping Village")."""
    return name[0] + suffix[0], f"{name[1]} {suffix[1]}"


VILLAGE: Name = ("村", "Village")
COMMUNITY: Name = ("社区", "Community")
ROAD: Name = ("路", "Road")
STREET: Name = ("街", "Street")
LANE: Name = ("巷", "Lane")
BRIDGE: Name = ("桥", "Bridge")
CROSSING: Name = ("道口", "Crossing")
RIVER: Name = ("青砚河", "Qingyan River")
RAILWAY: Name = ("格云铁路", "Geyun Railway")


def between(one: Name, other: Name) -> Name:
    """The road that joins two villages, from the first's head and the other's tail: 柳坪 and 石湾 give 柳湾路, Liuwan Road."""
    parts = {word[0]: word[1:] for word in (FIRST + " " + SECOND).split()}
    head, tail = one[0][0], other[0][1]
    return called((head + tail, parts[head] + parts[tail]), ROAD)
