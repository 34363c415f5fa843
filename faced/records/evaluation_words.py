"""The sentences of an evaluation report in both languages: (Japanese, English).

The report is read by a council and by auditors in either language, whatever the language of the program that made it;
so these texts are not in the message catalogue. Words: ISO/IEC 19795-1 and its Japanese edition JIS X 8101-1.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("ja", "en")
Words = tuple[str, str]

TITLE: Words = ("顔認証の精度 庁内評価報告書", "In-house evaluation of face recognition accuracy")
DUMMY: Words = (
    "架空の職員(ダミーデータ)による測定です。仕組みが動くことを示すだけで、精度の値は実在の職員に当てはまりません。",
    "Measured on dummy staff who do not exist. This shows that the machinery works; no figure here holds for real "
    "people.",
)
DET_CAPTION: Words = (
    "図 検出誤りトレードオフ(DET)曲線。線が左下にあるほど誤りが少ない。誤りのない条件には線がない。",
    "Figure: detection error trade-off (DET). The nearer to the lower left, the fewer the errors; "
    "a condition without errors has no curve.",
)
NO_PLOT: Words = (
    "DET曲線の図はありません。図を入れるには、このプログラムに作図用の追加パッケージ(faced[report])を入れて、"
    "もう一度実行してください。",
    "There is no DET plot. To get one, install the extra faced[report] (matplotlib) and run the evaluation again.",
)
NO_CURVE: Words = (
    "本人との比較がないか少ない、または誤りがないため、DET曲線はありません。",
    "There is no DET curve: no, or too few, genuine comparisons, or no errors.",
)

HEADINGS: Mapping[str, Words] = {
    "facts": ("測定の対象", "What was measured"),
    "acquisition": ("登録と取得の失敗", "Failures to enrol and to acquire"),
    "comparisons": ("比較の誤り", "Errors of comparisons"),
    "groups": ("グループ別", "By group"),
    "method": ("測定の方法", "How it was measured"),
    "claims": ("この報告書で言えること", "What this report may be used to claim"),
    "no_claims": ("この報告書で言えないこと", "What it may not be used to claim"),
    "words": ("用語", "Words"),
}

FACTS: Mapping[str, Words] = {
    "day": ("測定日", "Day"),
    "basis": ("対象", "Basis"),
    "people": ("人数", "People"),
    "pictures": ("写真の枚数", "Pictures"),
    "samples": ("登録サンプル数", "Samples in the templates"),
    "left_out": ("使えず除いたもの", "Left out as unusable"),
    "least": ("値を示す最少人数", "Fewest people behind a figure"),
    "version": ("faced の版", "Version of faced"),
    "metric": ("照合モデル(metric)", "Metric"),
    "predictor": ("特徴点検出モデル(predictor)", "Predictor"),
    "thresholds": ("しきい値の測定元", "Thresholds measured on"),
}
BASIS: Mapping[str, Words] = {
    "photos": ("写真のフォルダー", "a folder of photos"),
    "enrolled": ("登録済みの顔データ(特徴点の座標)", "face data that are enrolled (coordinates of landmarks)"),
}

COLUMNS: Mapping[str, Words] = {
    "what": ("誤りの種類", "Kind of error"),
    "rate": ("割合", "Rate"),
    "interval": ("95 %信頼区間", "95 % interval"),
    "counts": ("誤り/試行", "Errors / trials"),
    "people": ("人数", "People"),
    "condition": ("条件", "Condition"),
    "aim": ("目標FMR", "Aimed FMR"),
    "group": ("グループ", "Group"),
    "reason": ("理由", "Reason"),
    "pictures": ("枚数", "Pictures"),
}
RATES: Mapping[str, Words] = {
    "fte": ("登録失敗率(FTE)", "Failure to enrol (FTE)"),
    "fta": ("取得失敗率(FTA)", "Failure to acquire (FTA)"),
    "fmr": ("誤合致率(FMR)", "False match rate (FMR)"),
    "fnmr": ("誤非合致率(FNMR)", "False non-match rate (FNMR)"),
    "eer": ("等誤り率(EER)", "Equal error rate (EER)"),
}
ONE_PICTURE: Words = ("後の写真1枚", "one later picture")
PICTURES: Words = ("後の写真{count}枚", "{count} later pictures")
SITTING: Words = ("後の撮影1回", "one later sitting")
CALIBRATED: Words = ("庁内補正あり", "site calibration")
UNCALIBRATED: Words = ("庁内補正なし", "no site calibration")
WITHHELD: Words = ("—", "—")
DASH: Words = (
    "「—」は、測定していないか、{least}人未満のため示さないもの。",
    "A dash means: not measured, or withheld because it would be over fewer than {least} people.",
)
FEW_ERRORS: Words = (
    "* 誤りが30件未満の値は、おおよその目安です(30の法則)。",
    "* Fewer than 30 errors were seen: an order of magnitude only (rule of 30).",
)
PLAIN: Words = (
    "目標FMR {aim}、{condition}のとき: 別人との比較1,000回のうち、誤って合致としたのは{matched}回。"
    "本人との比較1,000回のうち、合致としなかったのは{missed}回。",
    "Aiming at an FMR of {aim}, {condition}: of 1,000 comparisons with another person {matched} match by mistake; "
    "of 1,000 "
    "comparisons of a person with the own enrolment {missed} do not match.",
)
OF_1000: Words = ("約{rate:.0f}({low:.0f}~{high:.0f})", "about {rate:.0f} ({low:.0f} to {high:.0f})")
NOT_MEASURED: Words = ("(測定なし)", "(not measured)")
IMPOSTORS_ONLY: Words = (
    "一人につき写真が1枚なので、別人との比較(FMR)だけを測定した。本人が拒否される割合(FNMR)は、"
    "この報告書からは分からない。",
    "There is one picture of each person, so only comparisons of different people (FMR) were measured. How often "
    "people are "
    "refused as themselves (FNMR) cannot be told from this report.",
)
NO_ACQUISITION: Words = (
    "登録済みの顔データだけを比較したので、登録と取得の失敗は測定していない。",
    "Only face data that are enrolled already were compared, so failures to enrol and to acquire were not measured.",
)
OTHER_REASONS: Words = ("その他の理由", "other reasons")
REASONS_HINT: Words = (
    "{least}人以上に共通する理由だけを示す。一枚ごとの理由は「facectl photo check」で分かる。",
    "Only reasons shared by {least} people or more are named. 'facectl photo check' tells the reason for each picture.",
)
TOGETHER: Words = ("ほかのグループの合計", "all other groups together")
NO_GROUP: Words = ("グループの指定なし", "no group given")
GROUPS_HINT: Words = (
    "目標FMR {aim}、{condition}、後の写真1枚。FMRは同じグループの別人との比較。{least}人未満のグループは、"
    "差し引いても分からないように、ほかと合わせて示す。",
    "Aimed FMR {aim}, {condition}, one later picture. FMR is of different people of the same group. Groups of "
    "fewer than {least} "
    "people are shown together with others, so that subtracting does not reveal them either.",
)
GROUPS_HIDDEN: Words = (
    "どのように合わせても{least}人に満たないグループが分かってしまうため、グループ別の値は示さない。",
    "No breakdown is shown: it would reveal a group of fewer than {least} people.",
)

METHOD_PHOTOS: tuple[Words, ...] = (
    (
        "一人ごとに、ファイル名の順で最初の写真を登録に使い、残りを後日の照合(プローブ)とみなした。",
        "Of each person the first picture by file name is the enrolment; the others are probes, taken as of other "
        "days.",
    ),
    (
        "すべての写真に、写真からの登録と同じ基準を適用した。最初の写真が使えない人は登録失敗とし、比較から除いた。",
        "Every picture passed the same gates as an enrolment from a photo. A person whose first picture was "
        "refused failed to "
        "enrol and was not compared.",
    ),
    (
        "複数枚を合わせる条件では、後の写真から無作為に10通りを選んだ。",
        "Where several pictures are fused, ten random draws were taken from each person's later pictures.",
    ),
)
METHOD_ENROLLED: tuple[Words, ...] = (
    (
        "登録済みの顔データを、理由を記録したうえで開き、最初の撮影分を登録、"
        "別の日または別の方法による撮影分をプローブとした。使用後に消去した。",
        "Enrolled face data were opened after the reason had been recorded. The first sitting of each person is "
        "the enrolment, "
        "sittings of another day or another source are probes. They were wiped afterwards.",
    ),
)
METHOD: tuple[Words, ...] = (
    (
        "別人との比較は最大500人どうし。どの比較も、製品のしきい値で、端末と同じ計算により判定した。",
        "At most 500 people were compared with each other. Each comparison was decided with the shipped "
        "thresholds, as a "
        "workstation computes it.",
    ),
    (
        "「庁内補正あり」では、比較する二人を除いた人たちから補正を作り直した。"
        "補正がないとき、また人数が少なく庁内のしきい値を定められないときは、一段厳しいしきい値を用いる。",
        "With 'site calibration' it was made anew without the two people compared. Without one, or with too few "
        "people for "
        "thresholds of the site's own, the next stricter threshold holds.",
    ),
    (
        "信頼区間は、人を単位とする再標本化(ブートストラップ)による。誤りのある人または組が少ないときは、"
        "その数に対するウィルソンの区間も考慮した。"
        "誤りが0件のときの上限は3/N(Nは人数、または異なる二人の組の数)。",
        "Intervals come from people drawn with replacement (bootstrap); where few people or pairs have errors, no "
        "narrower "
        "than Wilson's for their number. With no error the upper end is 3/N, where N counts people or pairs of "
        "people.",
    ),
    (
        "判定の単位は1回の比較である。試行回数や撮り直しを含むログオン全体の受入率・拒否率(FAR・FRR)ではない。",
        "The unit is one comparison. These are not rates of whole logons with their tries and gates (FAR, FRR).",
    ),
)

CLAIMS: tuple[Words, ...] = (
    (
        "この日、この版、ここに示す人数と写真について測定した比較の誤り率とその信頼区間。",
        "The error rates of comparisons, with their intervals, on this day, with this version, for these people "
        "and pictures.",
    ),
    (
        "同じ庁内で同じように撮影した写真とカメラについての見込み(信頼区間の範囲で)。",
        "What to expect, within the intervals, of pictures and cameras like these at this site.",
    ),
)
NO_CLAIMS: tuple[Words, ...] = (
    (
        "ほかの人、ほかの職場、ほかのカメラや撮影条件での精度。",
        "Anything about other people, sites, cameras or conditions.",
    ),
    (
        "写真や画面を使ったなりすましへの耐性(ISO/IEC 30107-3による別の試験が必要)。",
        "Resistance to attacks with photos or screens (a test to ISO/IEC 30107-3 is another matter).",
    ),
    (
        "双子や近親者、故意に似せた人など、ここに含まれない他人に対する安全性。",
        "Safety against impostors who are not in it, such as twins, relatives or people who try to look alike.",
    ),
    (
        "測定していないグループ、または示していないグループの精度や公平性。",
        "Accuracy for, or fairness to, groups that were not measured or are not shown.",
    ),
    (
        "ログオンの誤り率(FAR・FRR)、および規格への適合や認証取得。",
        "Error rates of logons (FAR, FRR), or conformance to, or certification under, any standard.",
    ),
)

GLOSSARY: tuple[tuple[str, Words], ...] = (
    (
        "FMR",
        (
            "別人どうしの比較が、誤って合致とされる割合。",
            "share of comparisons of different people that match by mistake.",
        ),
    ),
    (
        "FNMR",
        (
            "本人どうしの比較が、誤って合致とされない割合。",
            "share of comparisons of a person with the own enrolment that fail.",
        ),
    ),
    ("FTE", ("登録用の写真が使えなかった割合。", "share of enrolment pictures that could not be used.")),
    ("FTA", ("照合用の写真が使えなかった割合。", "share of probe pictures that could not be used.")),
    (
        "FAR / FRR",
        (
            "ログオン全体で、他人が受け入れられる割合、本人が拒否される割合。",
            "shares of whole logons in which another person is admitted, or the person refused.",
        ),
    ),
    ("EER", ("FMRとFNMRが等しくなる点の誤り率。", "the rate where FMR and FNMR are alike.")),
    ("DET", ("しきい値を変えたときのFMRとFNMRの関係。", "FNMR against FMR as the threshold varies.")),
    ("enrolment / probe", ("登録したデータ / それと比べるデータ。", "what was enrolled / what is compared with it.")),
    (
        "genuine / impostor",
        ("本人との比較 / 別人との比較。", "comparisons with the same person / with another person."),
    ),
)

REASONS: Mapping[str, Words] = {
    "no_face": ("顔が見つからない", "no face"),
    "several_faces": ("複数の顔", "several faces"),
    "too_dark": ("暗すぎる", "too dark"),
    "too_bright": ("明るすぎる", "too bright"),
    "too_far": ("顔が小さい", "face too small"),
    "too_near": ("顔が大きすぎる", "face too large"),
    "turned_left": ("横を向いている", "turned to the side"),
    "turned_right": ("横を向いている", "turned to the side"),
    "looking_up": ("上を向いている", "looking up"),
    "looking_down": ("下を向いている", "looking down"),
    "tilted": ("傾いている", "tilted"),
    "blurred": ("ぼけている", "blurred"),
    "unsteady": ("特徴点が不安定", "landmarks unsteady"),
    "covered": ("顔が隠れている", "face covered"),
    "eyes_closed": ("目を閉じている", "eyes closed"),
    "out_of_picture": ("顔がはみ出している", "face outside the picture"),
    "photo_damaged": ("ファイルの破損", "file damaged"),
    "photo_format": ("対応していない形式", "format not supported"),
    "photo_too_large": ("ファイルまたは画像が大きすぎる", "file or picture too large"),
    "photo_too_small": ("画像が小さすぎる", "picture too small"),
    "photo_unreadable": ("読み取れない", "file unreadable"),
    "photo_hostile": ("処理を妨げるファイル", "file that broke its reader"),
}


def reason_in_words(reason: str, language: int) -> str:
    """A reason for refusing a picture; one that is not known here stands for itself."""
    return REASONS[reason][language] if reason in REASONS else reason
