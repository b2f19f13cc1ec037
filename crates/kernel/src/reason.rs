//! Every reason for which Yimen refuses something, with the sentence people read.
//!
//! Clients branch on the code, which therefore never changes its meaning; people
//! read the sentence, which tells them what to do. `{name}` in a sentence is
//! filled from the error's metadata, or from a field's limit. This is the one
//! place where reasons are listed.

use crate::Lang;

/// Makes the reasons, one line each: code, Chinese, English.
macro_rules! reasons {
    ($($reason:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $en] $reason,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$reason),*];

            /// The code clients branch on.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$reason => $code,)*
                }
            }

            /// The sentence people read, with its placeholders still open.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Reason::$reason, Lang::Zh) => $zh, (Reason::$reason, Lang::En) => $en,)*
                }
            }
        }
    };
}

reasons! {
    // Reasons that a field has.
    Required = "REQUIRED_FIELD", "此项必填，请填写。", "Please fill in this field.";
    TooLong = "TOO_LONG", "内容过长，请不要超过{limit}个字符。", "This is too long. Please use at most {limit} characters.";
    TooShort = "TOO_SHORT", "内容过短，请至少填写{limit}个字符。", "This is too short. Please use at least {limit} characters.";
    TooMany = "TOO_MANY", "数量过多，请不要超过{limit}个。", "There are too many. Please give at most {limit}.";
    ForbiddenCharacter = "FORBIDDEN_CHARACTER", "内容含有不可见的控制字符，请删除后重新填写。", "This contains invisible control characters. Please remove them.";
    BadFormat = "BAD_FORMAT", "格式不正确，请核对后重新填写。", "This does not have the right format. Please check it.";
    CheckDigit = "CHECK_DIGIT", "校验位不符，可能有一位录错，请逐位核对。", "The check digit does not match, so a character is probably wrong. Please compare each one.";
    ImpossibleDate = "IMPOSSIBLE_DATE", "日期不存在，请核对年月日。", "There is no such date. Please check year, month and day.";
    UnknownDivision = "UNKNOWN_DIVISION", "没有这个行政区划代码，请核对前几位数字。", "There is no such administrative division. Please check the first digits.";
    UnknownValue = "UNKNOWN_VALUE", "不是可选的值，请从给出的选项中选择。", "This is not one of the choices. Please choose one that is offered.";
    OutOfRange = "OUT_OF_RANGE", "超出允许范围，请填写{limit}之内的值。", "This is out of range. Please give a value within {limit}.";
    Duplicate = "DUPLICATE", "与前面的内容重复，请删除其中一项。", "This was given twice. Please remove one of the two.";
    FirstGenerationId = "FIRST_GENERATION_ID", "15位号码的第一代居民身份证已停用，请填写18位公民身份号码。", "First-generation identity cards with 15 digits are no longer valid. Please give the number with 18 characters.";
    NotAllowedHere = "NOT_ALLOWED_HERE", "此处不应填写这一项，请留空。", "This field does not apply here. Please leave it empty.";
    MaterialMissing = "MATERIAL_MISSING", "缺少必须提交的材料，请补上。", "A required material is missing. Please add it.";
    MaterialNotDeferrable = "MATERIAL_NOT_DEFERRABLE", "该材料不能容缺后补，请现在提交。", "This material cannot be handed in later. Please provide it now.";
    MaterialUnknown = "MATERIAL_UNKNOWN", "该事项没有这项材料，请核对材料清单。", "The service item has no such material. Please check its list of materials.";
    MaterialNotAsked = "MATERIAL_NOT_ASKED", "目前没有要求提交这项材料，请勿提交。", "This material was not asked for. Please do not provide it.";
    FileTypeNotAllowed = "FILE_TYPE_NOT_ALLOWED", "不接受这种文件，请转换为以下格式后上传：{limit}。", "This type of file is not accepted. Please convert it to one of: {limit}.";
    FileTooLarge = "FILE_TOO_LARGE", "文件过大，请压缩到{limit}以内后上传。", "The file is too large. Please reduce it to at most {limit}.";
    FileEmpty = "FILE_EMPTY", "文件是空的，请核对后重新上传。", "The file is empty. Please check it and upload it again.";
    UploadUnknown = "UPLOAD_UNKNOWN", "找不到已上传的文件，可能已过期，请重新上传。", "The uploaded file was not found; it may have expired. Please upload it again.";
    PromiseAboveStatutory = "PROMISE_ABOVE_STATUTORY", "承诺时限不得长于法定时限（{limit}），请改短。", "The promised limit must not exceed the statutory limit ({limit}). Please shorten it.";

    // Reasons that a whole call has: what was asked.
    InvalidRequest = "INVALID_REQUEST", "提交的内容有误，请按各项提示改正后重新提交。", "The request has mistakes. Please correct the fields named and send it again.";
    MalformedBody = "MALFORMED_BODY", "请求内容无法读取，请检查其格式。", "The request body could not be read. Please check its format.";
    BodyTooLarge = "BODY_TOO_LARGE", "请求内容过大，请压缩到{limit}以内。", "The request body is too large. Please reduce it to at most {limit}.";
    UnknownCenter = "UNKNOWN_CENTER", "没有这个政务服务中心，请重新选择。", "There is no such service center. Please choose another.";
    UnknownItem = "UNKNOWN_ITEM", "没有这个服务事项，请从事项目录中选择。", "There is no such service item. Please choose one from the catalog.";
    ItemNotOffered = "ITEM_NOT_OFFERED", "本中心不办理该事项，请选择其他中心。", "This center does not offer the item. Please choose another center.";
    ApplicantKindNotServed = "APPLICANT_KIND_NOT_SERVED", "该事项不面向这类申请人，请核对申请人类型。", "The item is not for this kind of applicant. Please check the kind of applicant.";
    RequestIdReused = "REQUEST_ID_REUSED", "请求编号已用于内容不同的请求，请换用新的编号。", "The request id was already used with other content. Please use a new one.";
    UnknownMethod = "UNKNOWN_METHOD", "没有这个接口，请查阅接口文档。", "There is no such method. Please see the interface documentation.";
    NoPolicy = "NO_POLICY", "该接口尚未开放，请联系系统运维人员。", "This method is not open to anyone. Please contact the operator.";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", "该地址不支持这种请求方式，请查阅接口文档。", "This address does not support the HTTP method. Please see the interface documentation.";
    PageNotFound = "PAGE_NOT_FOUND", "没有找到该页面，请核对网址或返回首页。", "The page was not found. Please check the address or return to the home page.";
    UnknownPageToken = "UNKNOWN_PAGE_TOKEN", "翻页标记无效，请从第一页重新查询。", "The page token is not valid. Please start again from the first page.";
    UnknownCursor = "UNKNOWN_CURSOR", "续传位置无效或已过期，请重新开始接收。", "The cursor is not valid or has expired. Please start watching anew.";

    // Who asked.
    NotSignedIn = "NOT_SIGNED_IN", "请先登录。", "Please sign in first.";
    SessionExpired = "SESSION_EXPIRED", "登录已过期，请重新登录。", "Your session has expired. Please sign in again.";
    WrongCredentials = "WRONG_CREDENTIALS", "用户名或密码不正确，请重新输入。", "The login or password is wrong. Please try again.";
    CredentialRevoked = "CREDENTIAL_REVOKED", "该账号或密钥已停用，请联系中心管理员。", "This account or key was revoked. Please contact the center's manager.";
    RoleRequired = "ROLE_REQUIRED", "您没有办理此操作的权限（需要：{roles}），请联系中心管理员。", "You may not do this (it needs one of: {roles}). Please contact the center's manager.";
    DepartmentRequired = "DEPARTMENT_REQUIRED", "您的账号不属于任何部门，请联系中心管理员。", "Your account belongs to no department. Please contact the center's manager.";
    OtherCenter = "OTHER_CENTER", "这属于其他中心，请到该中心办理。", "This belongs to another center. Please turn to that center.";
    NotAParty = "NOT_A_PARTY", "贵部门不参与该件的审批，请核对办件编号。", "Your department takes no part in this case. Please check the case number.";
    NotTheLead = "NOT_THE_LEAD", "只有牵头部门可以办理此操作，请联系牵头部门。", "Only the lead department may do this. Please contact the lead department.";
    WrongNumberOrCode = "WRONG_NUMBER_OR_CODE", "办件编号或查询码不正确，请对照回执核对。", "The case number or lookup code is wrong. Please compare them with your receipt.";
    TooManyAttempts = "TOO_MANY_ATTEMPTS", "尝试次数过多，请稍后再试。", "There were too many attempts. Please try again later.";
    BadSignature = "BAD_SIGNATURE", "签名不正确，请核对密钥编号、密钥和签名内容。", "The signature is wrong. Please check key id, secret and what was signed.";
    StaleSignature = "STALE_SIGNATURE", "签名时间与当前时间相差过大，请校准时钟后重新签名。", "The signature is too old or from the future. Please set the clock and sign again.";
    PasswordTooWeak = "PASSWORD_TOO_WEAK", "密码过于简单，请换用至少{limit}个字符且不易猜到的密码。", "The password is too weak. Please choose one of at least {limit} characters that is hard to guess.";

    // What does not exist.
    ApplicationUnknown = "APPLICATION_UNKNOWN", "没有找到该办件，请核对办件编号。", "There is no such application. Please check the case number.";
    JointApprovalUnknown = "JOINT_APPROVAL_UNKNOWN", "没有找到该件的审批记录，请核对办件编号。", "There is no approval for this case. Please check the case number.";
    DocumentUnknown = "DOCUMENT_UNKNOWN", "没有找到该文书，请核对文书编号。", "There is no such document. Please check its number.";
    UnknownDepartment = "UNKNOWN_DEPARTMENT", "没有这个部门，请从部门名单中选择。", "There is no such department. Please choose one from the list.";
    UnknownWindow = "UNKNOWN_WINDOW", "没有这个窗口，请从窗口名单中选择。", "There is no such window. Please choose one from the list.";
    UnknownStaff = "UNKNOWN_STAFF", "没有这名工作人员，请核对登录名。", "There is no such member of staff. Please check the login.";
    UnknownApiKey = "UNKNOWN_API_KEY", "没有这个接口密钥，请核对密钥编号。", "There is no such API key. Please check its id.";

    // What the state of a case forbids.
    StateForbids = "STATE_FORBIDS", "当前状态（{state}）下不能办理此操作，请刷新后查看。", "This cannot be done in the present state ({state}). Please reload and look again.";
    StaleVersion = "STALE_VERSION", "内容已被他人更新，请刷新后重新办理。", "Someone else changed this meanwhile. Please reload and decide again.";
    StaleMaterials = "STALE_MATERIALS", "材料已有更新，请查看最新材料后重新办理。", "The materials have changed. Please look at the latest ones and decide again.";
    SecondSupplementNeedsReason = "SECOND_SUPPLEMENT_NEEDS_REASON", "补正要求应一次性告知，再次要求补正请写明理由。", "Missing materials must be named once and for all. Please give the reason for asking again.";
    OpinionsMissing = "OPINIONS_MISSING", "以下部门尚未出具意见：{departments}。请等待或催办。", "These departments have not given an opinion yet: {departments}. Please wait for them or remind them.";
    ObjectionStands = "OBJECTION_STANDS", "以下部门不同意：{departments}。请先协调，或作出不予许可决定。", "These departments object: {departments}. Please settle it with them, or decide to refuse.";
    ConditionsStand = "CONDITIONS_STAND", "以下部门附条件同意：{departments}。请作出附条件准予决定。", "These departments agree only with conditions: {departments}. Please grant with conditions.";
    MaterialsOutstanding = "MATERIALS_OUTSTANDING", "以下容缺材料尚未补交：{materials}。请先补交。", "These deferred materials are still outstanding: {materials}. Please obtain them first.";
    InspectionRequired = "INSPECTION_REQUIRED", "该事项须先现场踏勘，请先安排。", "A site inspection is required first. Please arrange it.";
    InspectionOpen = "INSPECTION_OPEN", "现场踏勘尚未完成，请先完成踏勘记录。", "A site inspection is still open. Please complete its record first.";
    InspectionNotYet = "INSPECTION_NOT_YET", "踏勘日（{date}）尚未到，请在当日或之后填写踏勘记录。", "The day of the inspection ({date}) has not come. Please write the record on that day or later.";
    NotInInspection = "NOT_IN_INSPECTION", "贵部门不在此次踏勘的参加名单中，请联系牵头部门。", "Your department is not on the list for this inspection. Please contact the lead department.";
    InspectionStaff = "INSPECTION_STAFF", "现场核查应有两名以上工作人员，请补充人员。", "An inspection needs at least two members of staff. Please add one.";
    InspectionAnswersMissing = "INSPECTION_ANSWERS_MISSING", "以下部门尚未答复是否参加踏勘：{departments}。请等待或催办。", "These departments have not said whether they join the inspection: {departments}. Please wait for them or remind them.";
    OwnAccess = "OWN_ACCESS", "不能停用自己的账号，也不能取消自己的运维权限，请由其他系统运维人员办理。", "You cannot end your own access. Please ask another operator.";
    DepartmentAlreadyIn = "DEPARTMENT_ALREADY_IN", "该部门已参与此件，不必再次加入。", "The department already takes part in this case; there is no need to add it.";
    TaskWaiting = "TASK_WAITING", "须等待以下部门先出具意见：{departments}。", "Please wait: these departments must give their opinion first: {departments}.";

    // Time.
    BackDated = "BACK_DATED", "不得倒填日期，请填写{limit}或之后的日期。", "This may not be back-dated. Please give {limit} or a later day.";
    EndsBeforeItBegins = "ENDS_BEFORE_IT_BEGINS", "结束日不得早于开始日（{limit}）。", "The last day must not be earlier than the first ({limit}).";
    AcceptanceLapsed = "ACCEPTANCE_LAPSED", "自收到申请材料之日（{received_on}）起五个工作日内未告知，依法视为受理（行政许可法第三十二条），不能再要求补正或者不予受理。", "Nothing was said within five working days of receipt ({received_on}), so the application counts as accepted (Administrative Licensing Law art. 32). It can no longer be sent back or refused acceptance.";
    ProcedureOpen = "PROCEDURE_OPEN", "特别程序尚未结束（{departments}），请先结束。", "A special procedure goes on ({departments}). Please end it first.";
    ProcedureUnknown = "UNKNOWN_PROCEDURE", "没有这个特别程序，或者已经结束。", "There is no such special procedure, or it has ended.";
    ProcedureAlreadyOpen = "PROCEDURE_ALREADY_OPEN", "本部门已有一个特别程序正在进行。", "This department has a special procedure going on already.";
    AlreadyExtended = "ALREADY_EXTENDED", "办理时限只能延长一次，已经延长过。", "A limit is extended only once, and this one was.";
    LimitExpired = "LIMIT_EXPIRED", "办理时限已于{due}届满，不能再延长。", "The limit ended on {due} and cannot be extended any more.";
    WrongAuthority = "WRONG_AUTHORITY", "该延长须由{limit}批准（行政许可法第四十二条）。", "This extension has to be approved by {limit} (Administrative Licensing Law art. 42).";

    // Money.
    WarningUnknown = "UNKNOWN_WARNING", "没有这条督察记录，请核对编号。", "There is no such warning. Please check its id.";
    SupervisionCaseUnknown = "UNKNOWN_SUPERVISION_CASE", "没有这个督办件，请核对编号。", "There is no such supervision case. Please check its id.";
    FlagUnknown = "UNKNOWN_FLAG", "没有这条询问，请核对编号。", "There is no such question. Please check its id.";

    FeeUnknown = "UNKNOWN_FEE", "收费目录中没有这个收费项目，不得收费。", "The fee catalog has no such fee, so it may not be charged.";
    FeeNotInForce = "FEE_NOT_IN_FORCE", "该收费项目今天没有有效的依据，不得收费。", "The fee has no basis in force today, so it may not be charged.";
    FeeNotOfDepartment = "FEE_NOT_OF_DEPARTMENT", "该收费项目不由该部门收取，不得收费。", "The fee is not this department's, so the department may not charge it.";
    FeeNotDue = "FEE_NOT_DUE", "该通知书没有这个收费项目，请核对。", "The notice does not have this fee. Please check it.";
    NoticeUnknown = "NOTICE_UNKNOWN", "没有找到该缴费通知书，请核对编号。", "There is no such fee notice. Please check its number.";
    PaymentUnknown = "PAYMENT_UNKNOWN", "没有找到该笔缴款，请核对编号。", "There is no such payment. Please check its id.";
    ReceiptUnknown = "RECEIPT_UNKNOWN", "没有找到该票据，请核对票据号码。", "There is no such receipt. Please check its number.";
    RefundUnknown = "REFUND_UNKNOWN", "没有找到该退付申请，请核对编号。", "There is no such refund. Please check its number.";
    ReconciliationUnknown = "RECONCILIATION_UNKNOWN", "没有找到该次对账，请核对编号。", "There is no such reconciliation. Please check its id.";
    AmountDiffers = "AMOUNT_DIFFERS", "金额与应缴金额（{due}分）不符，请按应缴金额收取。", "The amount is not what is due ({due} fen). Please take exactly that.";
    NotLess = "NOT_LESS", "减征后的金额应少于现在的金额（{limit}分）。", "The reduced amount must be less than the present one ({limit} fen).";
    NotLater = "NOT_LATER", "缓缴的期限应晚于现在的期限（{limit}）。", "The new last day must be later than the present one ({limit}).";
    FeeOverdue = "FEE_OVERDUE", "缴费期限（{limit_on}）已过，请先由财政监管人员办理缓缴。", "The last day to pay ({limit_on}) has passed. Please have finance postpone it first.";
    ReferenceReused = "REFERENCE_REUSED", "该缴款流水号已用于内容不同的缴款，请核对。", "This payment reference was already reported with other content. Please check it.";
    PaymentInsufficient = "PAYMENT_INSUFFICIENT", "已收到的缴款合计（{received}分）与应缴金额（{due}分）不符，不能结清。", "The payments received ({received} fen) do not make up what is due ({due} fen).";
    RefundOpen = "REFUND_OPEN", "该通知书已有退付申请，请先办结。", "There is already a refund for this notice. Please finish it first.";
    AlreadyVerified = "ALREADY_VERIFIED", "贵部门已核实，不必再次核实。", "Your department has already verified it.";
    MessageUnknown = "MESSAGE_UNKNOWN", "没有找到该短信，请核对编号。", "There is no such message. Please check its id.";
    BadFile = "BAD_FILE", "文件第{limit}行无法读取，请核对列名和内容。", "Line {limit} of the file cannot be read. Please check its columns and content.";

    // Complaints.
    ComplaintUnknown = "COMPLAINT_UNKNOWN", "没有找到该投诉件，请核对编号。", "There is no such complaint. Please check its number.";
    AccountabilityCaseUnknown = "ACCOUNTABILITY_CASE_UNKNOWN", "没有找到该责任追究件，请核对编号。", "There is no such accountability case. Please check its number.";
    AttachmentUnknown = "ATTACHMENT_UNKNOWN", "没有找到该附件，请核对序号。", "There is no such attachment. Please check its position.";
    TooManyComplaints = "TOO_MANY_COMPLAINTS", "同一来源短时间内提交的投诉过多，请稍后再试，或到窗口、拨打电话投诉。", "There were too many complaints from the same place in a short time. Please try again later, or complain at the window or by telephone.";
    Recused = "RECUSED", "被投诉的单位、窗口或人员应当回避，请交由其他单位或人员办理。", "Whoever is complained of takes no part. Please give it to somebody else.";
    AccusedNeeded = "ACCUSED_NEEDED", "尚未查明被投诉的单位、窗口或人员，请效能监察人员先予登记。", "It is not known yet which unit, window or person is complained of. Please have the supervisor name it first.";
    SameAuthor = "SAME_AUTHOR", "作出过答复的人员不得办理复查、复核，请交由其他效能监察人员或上级办理。", "Whoever wrote an answer does not review it. Please have another supervisor or the next level up do so.";
    ObjectionLate = "OBJECTION_LATE", "提出异议的期限已于{due}届满，请继续办理。", "The time to object ended on {due}. Please go on with it.";
    ObjectionOpen = "OBJECTION_OPEN", "承办单位的异议尚未处理，请先处理。", "An objection of the department is still open. Please decide it first.";
    ReviewLate = "REVIEW_LATE", "申请复查、复核或重新办理的期限已于{due}届满。", "The time to ask for a review or a reopening ended on {due}.";
    AlreadyReopened = "ALREADY_REOPENED", "只能要求重新办理一次，请申请复查。", "It is reopened only once. Please ask for a review.";
    TellByOffice = "TELL_BY_OFFICE", "投诉人未对承办单位实名，请由效能监察人员告知。", "The department does not know who complains. Please have the supervisor tell the answer.";
    QuestionUnknown = "QUESTION_UNKNOWN", "没有找到该咨询件，请核对编号。", "There is no such question. Please check its number.";
    TooManyQuestions = "TOO_MANY_QUESTIONS", "同一来源短时间内提交的咨询过多，请稍后再试，或到窗口、拨打电话咨询。", "There were too many questions from the same place in a short time. Please try again later, or ask at the window or by telephone.";
    PublicationRefused = "PUBLICATION_REFUSED", "咨询人不同意公开，请选择不公开。", "Whoever asked did not agree to publication. Please withhold it.";
    PersonalData = "PERSONAL_DATA", "公开的内容不得含有个人姓名、电话、证件号码或住址，请删除。", "What is published must not contain a person's name, telephone, identity number or address. Please remove it.";

    // Ratings.
    RatingLinkUnknown = "RATING_LINK_UNKNOWN", "评价链接无效，请核对回执或短信中的链接。", "This link does not lead to anything that can be rated. Please compare it with your receipt or message.";
    AlreadyRated = "ALREADY_RATED", "该次服务已经评价过，每次服务只评价一次。", "This service was rated already. Each one is rated once.";
    RatingLate = "RATING_LATE", "评价期限已于{due}届满；如仍有意见，可以提出投诉。", "The time to rate ended on {due}. If you are still not satisfied, you can file a complaint.";
    RatingByStaff = "RATING_BY_STAFF", "评价由办事人本人作出，工作人员不得代为评价；请退出登录。", "Whoever was served rates, never staff. Please sign out first.";
    RatingUnknown = "RATING_UNKNOWN", "没有找到该评价，请核对编号。", "There is no such rating. Please check its id.";
    AlreadySetAside = "ALREADY_SET_ASIDE", "该评价已经认定为不计入。", "This rating was set aside already.";
    RectificationUnknown = "RECTIFICATION_UNKNOWN", "没有找到该整改件，请核对编号。", "There is no such case of rectification. Please check its number.";
    RaterUnknown = "RATER_UNKNOWN", "该评价为匿名评价，无法联系评价人。", "The rating is anonymous, so nobody can be contacted.";
    ContactFirst = "CONTACT_FIRST", "请先联系评价人，再登记整改结果。", "Please contact whoever rated first, then record what was put right.";
    CallInUnknown = "CALL_IN_UNKNOWN", "没有找到该约谈，请核对编号。", "There is no such call-in. Please check its number.";
    // Democratic review.
    AppraisalRoundUnknown = "APPRAISAL_ROUND_UNKNOWN", "没有找到该评议，请核对编号。", "There is no such round of review. Please check its number.";
    BallotTokenUnknown = "BALLOT_TOKEN_UNKNOWN", "没有这个评议码，请逐位核对。", "There is no such ballot code. Please compare each character.";
    AlreadyVoted = "ALREADY_VOTED", "该评议码已经投过票，那一票已经计入，不能再投。", "A ballot was cast with this code already, and it counts. It cannot be cast again.";
    VoteEarly = "VOTE_EARLY", "投票尚未开始，请在{opens_at}之后再来。", "Voting has not begun. Please come back after {opens_at}.";
    VoteLate = "VOTE_LATE", "投票已于{closes_at}截止，不能再投。", "Voting ended at {closes_at}. No ballot is taken any more.";
    AlreadyDrawn = "ALREADY_DRAWN", "该评议已经抽取过服务对象，不能再次抽取。", "Service users were drawn for this round already. They are not drawn again.";
    NothingToDraw = "NOTHING_TO_DRAW", "本中心还没有办结的办件，无法抽取服务对象。", "The center has no completed case yet to draw service users from. Please draw later.";
    OutcomesOpen = "OUTCOMES_OPEN", "以下单位的奖励或者追责建议尚未确认：{departments}。请先确认或者写明理由不予采纳。", "What the rules propose for these units is not decided yet: {departments}. Please confirm or reject it first.";
    ScrutinyUnknown = "SCRUTINY_UNKNOWN", "没有找到该次评议会或者巡视，请核对编号。", "There is no such session or tour. Please check its number.";
    ScrutinyQuestionUnknown = "SCRUTINY_QUESTION_UNKNOWN", "没有这个问题，请核对序号。", "There is no such question. Please check its position.";
    UndertakingUnknown = "UNDERTAKING_UNKNOWN", "没有这项承诺或者整改，请核对序号。", "There is no such promise or remedy. Please check its position.";
    NotDue = "NOT_DUE", "期限（{due}）尚未届满，不能认定未兑现。", "Its last day ({due}) has not passed, so it cannot be called broken yet.";

    // Our side.
    Unavailable = "UNAVAILABLE", "系统暂时不可用，请稍后重试。", "The system is unavailable for the moment. Please try again shortly.";
    Internal = "INTERNAL", "系统出现内部错误，请稍后重试；如仍出现，请联系系统运维人员。", "Something went wrong on our side. Please try again later, and tell the operator if it happens again.";
}

impl Reason {
    /// Reads a code; `None` if it is not one of ours, as when a newer version
    /// sent it.
    pub fn parse(code: &str) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.as_str() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|rest| rest.split_once('}').expect("closed").0).collect()
    }

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            let code = reason.as_str();
            assert_eq!(Reason::parse(code), Some(*reason));
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
        }
        assert_eq!(Reason::parse("NO_SUCH_REASON"), None);
    }

    #[test]
    fn both_languages_say_the_same() {
        for reason in Reason::ALL {
            let (zh, en) = (reason.text(Lang::Zh), reason.text(Lang::En));
            let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
            assert!(zh.chars().any(is_han) && zh.ends_with('。'), "{reason:?}");
            assert!(en.is_ascii() && en.ends_with('.'), "{reason:?}");
            assert_eq!(placeholders(zh), placeholders(en), "{reason:?}");
        }
    }
}
