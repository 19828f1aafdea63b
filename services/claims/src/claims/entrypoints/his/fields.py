"""The fields and nodes that we read from HIS messages: Chinese name, longest text, other spellings (chs-interface 2, 3, 5).

Lengths are those of the tables, the longest where tables differ, more where real clients send more (``fixmedins_name``, IPv6
addresses). Names are compared without case, underscores and surrounding blanks.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NUMBER_LENGTH: Final = 40
"""Longest text of a number or date; unrounded prices have up to some twenty digits."""


class Field(NamedTuple):
    """What a clerk calls a field, and how long its text may be."""

    zh: str
    max_length: int


FIELDS: Final[dict[str, Field]] = {
    # envelope
    "infno": Field("交易编号", 6),
    "msgid": Field("发送方报文ID", 30),
    "recer_sys_code": Field("接收方系统代码", 10),
    "opter": Field("经办人", 30),
    "opter_name": Field("经办人姓名", 50),
    "opter_type": Field("经办人类别", 3),
    "fixmedins_code": Field("定点医药机构编号", 12),
    "fixmedins_name": Field("定点医药机构名称", 500),
    "sign_no": Field("交易签到流水号", 30),
    # filings
    "addr": Field("联系地址", 200),
    "insu_optins": Field("参保机构医保区划", 6),
    "dise_cond_dscr": Field("疾病病情描述", 2000),
    "reflin_medins_no": Field("转往定点医药机构编号", 12),
    "reflin_medins_name": Field("转往医院名称", 200),
    "mdtrtarea_admdvs": Field("就医地行政区划", 6),
    "hosp_agre_refl_flag": Field("医院同意转院标志", 3),
    "refl_type": Field("转院类型", 30),
    "refl_date": Field("转院日期", NUMBER_LENGTH),
    "refl_rea": Field("转院原因", 100),
    "refl_opnn": Field("转院意见", 200),
    "begndate": Field("开始日期", NUMBER_LENGTH),
    "enddate": Field("结束日期", NUMBER_LENGTH),
    "opsp_dise_code": Field("门慢门特病种目录代码", 30),
    "opsp_dise_name": Field("门慢门特病种名称", 300),
    "ide_fixmedins_no": Field("鉴定定点医药机构编号", 30),
    "ide_fixmedins_name": Field("鉴定定点医药机构名称", 200),
    "hosp_ide_date": Field("医院鉴定日期", NUMBER_LENGTH),
    "diag_dr_codg": Field("诊断医师编码", 30),
    "diag_dr_name": Field("诊断医师姓名", 50),
    "trt_dcla_detl_sn": Field("待遇申报明细流水号", 30),
    "biz_appy_type": Field("业务申请类型", 3),
    "fix_srt_no": Field("定点排序号", 3),
    # input
    "opter_no": Field("操作员编号", 20),
    "mac": Field("签到MAC地址", 100),
    "ip": Field("签到IP地址", 100),
    "mdtrt_cert_type": Field("就诊凭证类型", 3),
    "mdtrt_cert_no": Field("就诊凭证编号", 50),
    "card_sn": Field("卡识别码", 32),
    "begntime": Field("开始时间", NUMBER_LENGTH),
    "psn_cert_type": Field("人员证件类型", 6),
    "certno": Field("证件号码", 50),
    "psn_name": Field("人员姓名", 50),
    "psn_no": Field("人员编号", 30),
    "insutype": Field("险种类型", 6),
    "psn_type": Field("人员类别", 6),
    "ipt_otp_no": Field("住院/门诊号", 30),
    "atddr_no": Field("医师编码", 30),
    "dr_name": Field("医师姓名", 50),
    "dept_code": Field("科室编码", 30),
    "dept_name": Field("科室名称", 100),
    "caty": Field("科别", 10),
    "exp_content": Field("字段扩展", 4000),
    "mdtrt_id": Field("就诊ID", 30),
    "med_type": Field("医疗类别", 6),
    "main_cond_dscr": Field("主要病情描述", 1000),
    "dise_type_code": Field("病种类型代码", 30),
    "dise_codg": Field("病种编码", 30),
    "dise_name": Field("病种名称", 500),
    "birctrl_type": Field("计划生育手术类别", 6),
    "birctrl_matn_date": Field("计划生育手术或生育日期", NUMBER_LENGTH),
    "diag_type": Field("诊断类别", 3),
    "diag_srt_no": Field("诊断排序号", NUMBER_LENGTH),
    "diag_code": Field("诊断代码", 30),
    "diag_name": Field("诊断名称", 100),
    "diag_dept": Field("诊断科室", 50),
    "dise_dor_no": Field("诊断医生编码", 30),
    "dise_dor_name": Field("诊断医生姓名", 50),
    "diag_time": Field("诊断时间", NUMBER_LENGTH),
    "vali_flag": Field("有效标志", 3),
    "matn_type": Field("生育类别", 6),
    "geso_val": Field("孕周数", NUMBER_LENGTH),
    "feedetl_sn": Field("费用明细流水号", 30),
    "chrg_bchno": Field("收费批次号", 30),
    "rxno": Field("处方号", 30),
    "rx_circ_flag": Field("外购处方标志", 3),
    "fee_ocur_time": Field("费用发生时间", NUMBER_LENGTH),
    "med_list_codg": Field("医疗目录编码", 50),
    "medins_list_codg": Field("医药机构目录编码", 150),
    "det_item_fee_sumamt": Field("明细项目费用总额", NUMBER_LENGTH),
    "cnt": Field("数量", NUMBER_LENGTH),
    "pric": Field("单价", NUMBER_LENGTH),
    "sin_dos_dscr": Field("单次剂量描述", 200),
    "used_frqu_dscr": Field("使用频次描述", 200),
    "prd_days": Field("周期天数", NUMBER_LENGTH),
    "medc_way_dscr": Field("用药途径描述", 200),
    "bilg_dept_codg": Field("开单科室编码", 30),
    "bilg_dept_name": Field("开单科室名称", 100),
    "bilg_dr_codg": Field("开单医生编码", 30),
    "bilg_dr_name": Field("开单医师姓名", 50),
    "acord_dept_codg": Field("受单科室编码", 30),
    "acord_dept_name": Field("受单科室名称", 100),
    "orders_dr_code": Field("受单医生编码", 30),
    "orders_dr_name": Field("受单医生姓名", 50),
    "hosp_appr_flag": Field("医院审批标志", 3),
    "tcmdrug_used_way": Field("中药使用方式", 6),
    "etip_flag": Field("外检标志", 3),
    "etip_hosp_code": Field("外检医院编码", 30),
    "dscg_tkdrug_flag": Field("出院带药标志", 3),
    "matn_fee_flag": Field("生育费用标志", 6),
    "memo": Field("备注", 1000),
    "comb_no": Field("组套编码", 3),
    "medfee_sumamt": Field("医疗费总额", NUMBER_LENGTH),
    "psn_setlway": Field("个人结算方式", 6),
    "acct_used_flag": Field("个人账户使用标志", 3),
    "pub_hosp_rfom_flag": Field("公立医院改革标志", 6),
    "invono": Field("发票号", 20),
    "fulamt_ownpay_amt": Field("全自费金额", NUMBER_LENGTH),
    "overlmt_selfpay": Field("超限价金额", NUMBER_LENGTH),
    "preselfpay_amt": Field("先行自付金额", NUMBER_LENGTH),
    "inscp_scp_amt": Field("符合政策范围金额", NUMBER_LENGTH),
    "setl_id": Field("结算ID", 30),
    "init_feedetl_sn": Field("原费用流水号", 30),
    "drord_no": Field("医嘱号", 30),
    "mid_setl_flag": Field("中途结算标志", 3),
    "dscgTime": Field("出院时间", NUMBER_LENGTH),
    "insuplc_admdvs": Field("参保地医保区划", 6),
    "mdtrtarea_admvs": Field("就医地医保区划", 6),
    "coner_name": Field("联系人姓名", 50),
    "tel": Field("联系电话", 50),
    "medrcdno": Field("病历号", 30),
    "chfpdr_name": Field("主诊医师姓名", 50),
    "adm_diag_dscr": Field("入院诊断描述", 200),
    "adm_dept_codg": Field("入院科室编码", 30),
    "adm_dept_name": Field("入院科室名称", 100),
    "adm_bed": Field("入院床位", 30),
    "dscg_maindiag_code": Field("住院主诊断代码", 20),
    "dscg_maindiag_name": Field("住院主诊断名称", 300),
    "oprn_oprt_code": Field("手术操作代码", 30),
    "oprn_oprt_name": Field("手术操作名称", 500),
    "fpsc_no": Field("计划生育服务证号", 50),
    "latechb_flag": Field("晚育标志", 3),
    "fetts": Field("胎次", NUMBER_LENGTH),
    "fetus_cnt": Field("胎儿数", NUMBER_LENGTH),
    "pret_flag": Field("早产标志", 3),
    "maindiag_flag": Field("主诊断标志", 3),
    "adm_cond": Field("入院病情", 500),
    "endtime": Field("结束时间", NUMBER_LENGTH),
    "cop_flag": Field("伴有并发症标志", 3),
    "dscg_dept_codg": Field("出院科室编码", 30),
    "dscg_dept_name": Field("出院科室名称", 100),
    "dscg_bed": Field("出院床位", 30),
    "dscg_way": Field("离院方式", 3),
    "die_date": Field("死亡日期", NUMBER_LENGTH),
    "ttp_pay_prop": Field("第三方自付比例", NUMBER_LENGTH),
    "omsgid": Field("原发送方报文ID", 30),
    "oinfno": Field("原交易编号", 6),
}

NODES: Final[dict[str, str]] = {
    "input": "交易输入",
    "data": "交易输入",
    "signIn": "签到信息",
    "mdtrtinfo": "就诊信息",
    "diseinfo": "诊断信息",
    "feedetail": "费用明细",
    "feeinfo": "费用信息",
    "dscginfo": "出院信息",
    "adminfo": "入院信息",
    "refmedin": "转院备案信息",
}

SYNONYMS: Final[dict[str, str]] = {
    "dise_code": "dise_codg",
    "dscg_dept_code": "dscg_dept_codg",
    "main_cond_desc": "main_cond_dscr",
    "cmplct_flag": "cop_flag",
    "acc_used_flag": "acct_used_flag",
    "ipt_no": "ipt_otp_no",
    "cert_type": "psn_cert_type",
}
"""Other spellings that real clients send (chs-interface section 3); snake and camel case need no entry."""


def label(name: str) -> str:
    """A field as error texts name it: ``人员编号(psn_no)``."""
    known = FIELDS.get(name)
    zh = known.zh if known else NODES.get(name)
    return f"{zh}({name})" if zh else name
