"""What people call things the texts call otherwise: a policy on 残疾人就业保障金 is looked for as 残保金.

A text that speaks of a thing is found by its everyday names as well; nothing is replaced in what is typed, so that both
are found by either.
"""

from collections.abc import Iterator, Mapping, Sequence

ALIASES: Mapping[str, Sequence[str]] = {
    "残疾人就业保障金": ("残保金", "残疾人保障金"),
    "社会保险": ("社保", "五险"),
    "住房公积金": ("公积金",),
    "职工医保": ("医保", "基本医疗保险", "医疗保险"),
    "职工基本医疗保险": ("医保",),
    "失业保险": ("失业金", "失业险"),
    "企业所得税": ("企税",),
    "个人所得税": ("个税",),
    "房租": ("租金", "免租", "减租"),
    "租金": ("房租",),
    "减租": ("房租",),
    "小规模纳税人": ("小规模",),
    "研发费用": ("研究开发费用", "加计扣除"),
    "个体工商户": ("个体户", "个体"),
    "创业担保贷款": ("创业贷款", "创业贷"),
    "裁员": ("稳岗", "稳岗补贴", "稳岗返还"),
    "退役士兵": ("退伍军人", "退役军人", "复员军人"),
    "贫困人口": ("建档立卡", "扶贫"),
    "失业者": ("失业人员", "下岗"),
    "展期": ("延期还款",),
    "电费": ("电价", "用电"),
    "用气": ("气价", "天然气", "燃气"),
    "通行费": ("过路费", "高速费"),
    "货款": ("欠款", "拖欠账款", "账款"),
    "防疫": ("疫情", "抗疫"),
    "车辆通行费": ("高速公路",),
}


def aliases_in(text: str) -> Iterator[str]:
    """The everyday names of what a folded text speaks of, where it does not have them itself."""
    for written, said in ALIASES.items():
        if written in text:
            yield from (alias for alias in said if alias not in text)
