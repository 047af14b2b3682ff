"""Confirmations to print in tests: one Chinese, one English, and their words.

Written out in full rather than taken from the catalogues, so that a test of the page does not need the service.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pdf.document import ConfirmationDocument, Reason, Strength, StrengthBox, Words

SERIAL = "C20200415-7KQ49-XWD3M"
URL = f"https://example.gov.cn/verify/{SERIAL}"

WORDS_ZH = Words(
    platform="小微服务专栏",
    platform_line="山东省小微企业和个体工商户",
    serial="确认书编号",
    issued="出具于",
    application="申请编号",
    enterprise="申请企业",
    uscc="信用代码",
    bank="贷款机构",
    product="产品",
    amount="申请金额",
    term="期限",
    annualised="综合年化成本",
    purpose="用途",
    total_cost="全部成本",
    submitted="提交时间",
    status="办到哪一步",
    parties_heading="谁向谁申请",
    annex_heading="附页：理由和授权",
    conditions_heading="还要满足这些条件",
    conditions_none="没有还要满足的条件。",
    reasons_heading="为什么符合这款产品",
    reason_clause="条款",
    reason_sentence="要求",
    reason_value="企业的情况",
    consent_heading="你同意了什么",
    next_heading="接下来",
    verify_heading="怎样核对这份文件",
    verify_how="扫左边的二维码，或打开下面的网址，输入编号或上传这份 PDF。改过一个字也能看出来。",
    seal_heading="这是谁的章",
    seal_mark="小微服务 专栏签章",
    missing_glyph="〓 表示字库里没有的字符",
    page_of="第 {page} 页，共 {pages} 页",
    this_paper="融资申请确认书",
)

WORDS_EN = Words(
    platform="Small Business Service",
    platform_line="For small firms and individual businesses, Shandong",
    serial="Confirmation no.",
    issued="Issued",
    application="Application no.",
    enterprise="Applicant",
    uscc="Credit code",
    bank="Lender",
    product="Product",
    amount="Amount asked for",
    term="Term",
    annualised="All-in annual cost",
    purpose="Purpose",
    total_cost="Total cost",
    submitted="Submitted",
    status="Where it stands",
    parties_heading="Who applied to whom",
    annex_heading="Annex: reasons and consent",
    conditions_heading="Conditions still open",
    conditions_none="No conditions are open.",
    reasons_heading="Why this product fits",
    reason_clause="Clause",
    reason_sentence="It asks for",
    reason_value="This enterprise",
    consent_heading="What you agreed to",
    next_heading="What happens next",
    verify_heading="How to check this document",
    verify_how="Scan the code, or open the address below and enter the number or upload this PDF. "
    "A single changed letter will show.",
    seal_heading="Whose seal this is",
    seal_mark="PLATFORM SEAL",
    missing_glyph="〓 stands for a character our fonts lack",
    page_of="Page {page} of {pages}",
    this_paper="Confirmation of application",
)


def chinese(**changes: Any) -> ConfirmationDocument:
    """A confirmation as an owner in Zibo would get it."""
    document = ConfirmationDocument(
        language="zh-CN",
        issued_at=datetime(2020, 4, 15, 2, 32, tzinfo=UTC),
        strength=Strength.INDICATIVE,
        boxes=(
            StrengthBox(Strength.INDICATIVE, "初步意向", "按你填的情况看符合。银行还没有审，结果可能不同。"),
            StrengthBox(Strength.IN_PRINCIPLE, "原则同意", "银行审过并同意，下面的条件满足后放款。"),
            StrengthBox(Strength.BINDING, "正式承诺", "银行和你都已确认，金额、利率、期限不再变。"),
        ),
        reasons=(
            Reason("建设银行云税贷 第一条", "成立满 2 年", "3 年 4 个月"),
            Reason("建设银行云税贷 第二条", "近 12 个月诚信纳税，纳税信用等级为 A、B、M 级之一", "B 级"),
            Reason("建设银行云税贷 第三条", "企业和企业主当前没有逾期贷款", "没有"),
            Reason("普惠小微贷款口径", "单户授信总额不超过 1,000 万元", "300,000 元"),
        ),
        words=WORDS_ZH,
        serial=SERIAL,
        verify_url=URL,
        title="融资申请确认书",
        subtitle="建设银行已收到你的申请，4月20日前答复。",
        issued_text="2020年4月15日 10:32",
        submitted_text="2020年4月15日 10:30",
        application_number="A2020-0415-0087",
        enterprise_name="淄博和润食品有限公司",
        uscc="91370303MA3XXXXX0K",
        bank_name="中国建设银行淄博分行",
        product_name="云税贷",
        amount="300,000 元",
        term="12 个月",
        annualised_rate="4.10%",
        rate_method="内部收益率法（IRR），含 600 元担保费",
        repayment_method="等额本息，每月 25,529.40 元",
        purpose="购进原料，支付 3 月房租",
        total_cost="6,952.80 元",
        total_cost_note="全部利息和担保费",
        status="已提交，等待银行受理",
        consent="你同意把企业名称、统一社会信用代码、近两年纳税和开票情况交给中国建设银行淄博分行，"
        "只用于审批这一笔贷款。同意于 2020年4月15日 10:29 作出，有效到 2020年7月14日，可以随时在“我的事项”撤回。",
        seal_notice="这是平台的电子签章，只证明平台收到并如实记录了上面的内容，不是企业主的签名，"
        "也不代替你和银行之间的合同（《电子签名法》第十三条、第十四条）。",
        conditions=(
            "银行核对纳税记录，以税务机关的数据为准。",
            "补交 2020 年 1 月至 3 月的银行流水，4月22日前。",
            "法定代表人本人在手机银行刷脸确认。",
        ),
        next_steps=(
            "银行在 3 个工作日内（4月20日前）答复，办到哪一步在“我的事项”看。",
            "银行要你补材料时会发消息，等你的时间不算在 3 个工作日内。",
            "不想办了，签合同前随时可以撤回，不收费，也不影响征信。",
        ),
    )
    return replace(document, **changes)


def english(**changes: Any) -> ConfirmationDocument:
    """The same confirmation for a reader of English."""
    document = chinese(
        language="en",
        words=WORDS_EN,
        boxes=(
            StrengthBox(
                Strength.INDICATIVE,
                "Indicative",
                "Fits by what you told us. The bank has not looked and may differ.",
            ),
            StrengthBox(
                Strength.IN_PRINCIPLE, "In principle", "The bank agrees, once the conditions below are met."
            ),
            StrengthBox(
                Strength.BINDING, "Binding", "Bank and applicant have both agreed. Nothing changes any more."
            ),
        ),
        title="Confirmation of loan application",
        subtitle="China Construction Bank has your application and answers by 20 April.",
        issued_text="15 Apr 2020, 10:32",
        submitted_text="15 Apr 2020, 10:30",
        bank_name="China Construction Bank, Zibo",
        product_name="Cloud Tax Loan (云税贷)",
        amount="CNY 300,000",
        term="12 months",
        rate_method="Internal rate of return, with the CNY 600 guarantee fee",
        repayment_method="Equal instalments of CNY 25,529.40 a month",
        purpose="Raw materials, and the rent for March",
        total_cost="CNY 6,952.80",
        total_cost_note="All interest and the guarantee fee",
        status="Submitted, not yet taken up by the bank",
        consent="You agreed that the enterprise's name, its credit code and two years of tax and invoice records go to "
        "China Construction Bank, Zibo, for deciding on this one loan and nothing else. Given on 15 Apr 2020, "
        "10:29; ends on 14 Jul 2020; you can withdraw it at any time under My matters.",
        seal_notice="This is the platform's electronic seal. It shows that the platform received and recorded "
        "what stands above. It is not the owner's signature and no substitute for the contract with the bank "
        "(Electronic Signature Law, Articles 13 and 14).",
        conditions=(
            "The bank compares your tax record with the tax office's.",
            "Bank statements for January to March 2020, by 22 April.",
            "The legal representative confirms in person in the bank's app.",
        ),
        next_steps=(
            "The bank answers within 3 working days, by 20 April. Follow it under My matters.",
            "If the bank asks for papers you get a message; the time it waits for you does not count.",
            "You can withdraw free of charge until you sign, and it leaves no mark on your credit record.",
        ),
        reasons=(
            Reason("CCB Cloud Tax Loan, clause 1", "In business for 2 years or more", "3 years 4 months"),
            Reason("CCB Cloud Tax Loan, clause 2", "Tax credit grade A, B or M over the last 12 months", "B"),
            Reason("CCB Cloud Tax Loan, clause 3", "No overdue loan of the enterprise or its owner", "None"),
        ),
    )
    return replace(document, **changes)
