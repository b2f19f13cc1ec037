//! What has a code in the contract and in the tables.

use yimen_kernel::codes;

codes! {
    /// What it is.
    Kind {
        /// 投诉.
        Complaint = "COMPLAINT",
        /// 检举控告.
        Accusation = "ACCUSATION",
    }
}

codes! {
    /// Who may know who complains.
    Identity {
        /// 实名: the handling department, too.
        Named = "NAMED",
        /// 实名保密: the supervisor's office alone.
        Protected = "PROTECTED",
        /// 匿名: nobody.
        Anonymous = "ANONYMOUS",
    }
}

codes! {
    /// How it came.
    Channel {
        /// On line.
        Web = "WEB",
        /// At the window.
        Window = "WINDOW",
        /// 来访.
        Visit = "VISIT",
        /// 电话.
        Telephone = "TELEPHONE",
        /// 来信.
        Letter = "LETTER",
        /// In answer to a message.
        Sms = "SMS",
    }
}

codes! {
    /// What is complained of: the first four are the survey's, the others the province's
    /// (湖南省行政效能投诉处理办法).
    Ground {
        /// 不彻底.
        NotThorough = "NOT_THOROUGH",
        /// 不到位.
        NotInPlace = "NOT_IN_PLACE",
        /// 政令不畅.
        OrdersNotCarriedOut = "ORDERS_NOT_CARRIED_OUT",
        /// 办事拖拉.
        Dragging = "DRAGGING",
        /// The procedure of a permit or the like was broken.
        ProcedureBroken = "PROCEDURE_BROKEN",
        /// A duty of service was not performed.
        DutyNotPerformed = "DUTY_NOT_PERFORMED",
        /// Conduct that the province's rules list.
        ListedConduct = "LISTED_CONDUCT",
        /// Other inaction, delay or disorder.
        OtherDisorder = "OTHER_DISORDER",
    }
}

codes! {
    /// What kind of thing a complaint is about.
    SubjectKind {
        /// An application.
        Case = "CASE",
        /// A window.
        Window = "WINDOW",
        /// A department.
        Department = "DEPARTMENT",
        /// A member of staff.
        Person = "PERSON",
        /// Information that should be public and is not.
        Unpublished = "UNPUBLISHED",
    }
}

codes! {
    /// How it is handled.
    Way {
        /// 自办.
        Own = "OWN",
        /// 交办.
        Assigned = "ASSIGNED",
        /// 转办.
        Transferred = "TRANSFERRED",
    }
}

codes! {
    /// What was found.
    Finding {
        /// 属实.
        Founded = "FOUNDED",
        /// 部分属实.
        PartlyFounded = "PARTLY_FOUNDED",
        /// 不属实.
        Unfounded = "UNFOUNDED",
    }
}

codes! {
    /// How it ended.
    Closing {
        /// 不予受理.
        Declined = "DECLINED",
        /// The complainant is satisfied.
        Satisfied = "SATISFIED",
        /// 撤回.
        Withdrawn = "WITHDRAWN",
        /// 并案.
        Merged = "MERGED",
        /// The time for a review passed.
        Lapsed = "LAPSED",
        /// The last review is told.
        Final = "FINAL",
    }
}

codes! {
    /// A rung of the ladder of measures, the mildest first.
    Measure {
        /// 批评教育.
        Criticism = "CRITICISM",
        /// 通报.
        Circular = "CIRCULAR",
        /// 取消评优.
        NoAward = "NO_AWARD",
        /// 移送纪检.
        Referral = "REFERRAL",
    }
}

codes! {
    /// What follows from a round, if a person confirms it.
    Proposal {
        /// 奖励.
        Reward = "REWARD",
        /// 责任追究.
        Accountability = "ACCOUNTABILITY",
    }
}
