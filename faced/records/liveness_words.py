"""The sentences of a liveness test's report in both languages: (Japanese, English). Words: ISO/IEC 30107-3."""

from __future__ import annotations

from collections.abc import Mapping

from faced.records.evaluation_words import Words
from faced.records.liveness_report import Kind, ToolboxVerdict

TITLE: Words = ("生体検知(なりすまし対策) 庁内試験報告書", "In-house test of liveness detection")
DUMMY: Words = (
    "カメラの代わりに映像ファイル(ダミー)を使った試験です。仕組みが動くことを示すだけで、結果は実際の写真や職員に"
    "当てはまりません。",
    "A film stood in for the camera (dummies). This shows that the machinery works; no figure here holds for real "
    "prints or people.",
)
HEADINGS: Mapping[str, Words] = {
    "facts": ("試験の対象", "What was tested"),
    "artefacts": ("偽物ごとの判定", "Verdict for each artefact"),
    "apcer": ("偽物の種類別", "By species of artefact"),
    "bpcer": ("本人の試行", "The person's own tries"),
    "rules": ("止めた理由", "What refused"),
    "method": ("試験の方法", "How it was tested"),
    "no_claims": ("この報告書で言えないこと", "What it may not be used to claim"),
}
FACTS: Mapping[str, Words] = {
    "days": ("試験日", "Days"),
    "camera": ("カメラ", "Camera"),
    "version": ("faced の版", "Version of faced"),
    "predictor": ("特徴点検出モデル(predictor)", "Predictor"),
    "metric": ("照合モデル(metric)", "Metric"),
    "matching": ("数えた試行", "Tries that count"),
    "policy": ("求めた動作", "What was asked for"),
    "cues": ("紙や画面の手がかりによる拒否", "Refusal by signs of sheets and screens"),
}
MATCHING: Mapping[bool, Words] = {
    True: ("被写体の写真と照合して一致したもの", "those that matched a photo of the victim"),
    False: (
        "顔が検出されたすべて(照合なし。照合で止まる偽物も数えるため、結果は厳しめ)",
        "all with a face (no matching: artefacts that matching would have stopped count too, so the figures are "
        "on the strict side)",
    ),
}
DIRECTED: Words = ("画面で求める動作 {count} 件", "{count} action(s) asked for on the screen")
SILENT: Words = (
    "表示なし(自然な動きとまばたきだけで判定)",
    "nothing shown (natural motion and a blink must be enough)",
)
ON_OFF: Mapping[bool, Words] = {True: ("有効", "on"), False: ("無効", "off")}
COLUMNS: Mapping[str, Words] = {
    "kind": ("種類", "Species"),
    "number": ("番号", "Number"),
    "presented": ("提示", "Presented"),
    "detected": ("顔を検出", "Face detected"),
    "counted": ("有効", "Counted"),
    "passed": ("通過", "Passed"),
    "refused": ("拒否", "Refused"),
    "verdict": ("判定", "Verdict"),
    "rate": ("割合", "Rate"),
    "upper95": ("95 %上限", "95 % upper end"),
    "rule": ("理由", "Reason"),
    "times": ("回数", "Times"),
}
KINDS: Mapping[Kind, Words] = {
    Kind.FLAT_PRINT: ("平らな印刷写真", "flat print"),
    Kind.BENT_PRINT: ("曲げた印刷写真", "bent print"),
    Kind.MOVED_PRINT: ("手で動かす印刷写真", "print moved by hand"),
    Kind.CUT_EYES_PRINT: ("目を切り抜いた印刷写真", "print with cut-out eyes"),
    Kind.STICK_PRINT: ("棒に付けた印刷写真", "print on a stick"),
    Kind.TABLET_STILL: ("タブレットに映した写真", "photo on a tablet"),
    Kind.TABLET_REPLAY: ("タブレットで再生した動画", "film on a tablet"),
    Kind.OTHER: ("その他", "other"),
    Kind.LIVE: ("本人", "the person"),
}
VERDICTS: Mapping[ToolboxVerdict, Words] = {
    ToolboxVerdict.PASS: ("合格", "pass"),
    ToolboxVerdict.FAIL: ("不合格", "fail"),
    ToolboxVerdict.UNFINISHED: ("未完了", "unfinished"),
}
#: Of the liveness rules, and of attempts that ended before them.
RULES: Mapping[str, Words] = {
    "no_action": ("求めた動作がなかった", "what was asked for was not done in time"),
    "too_early": ("求める前に動いた", "moved before it could have been an answer"),
    "wrong_side_twice": ("反対側を2回向いた", "took the wrong side twice"),
    "flat": ("平らなものの動きだった", "turned like a sheet"),
    "no_depth": ("立体の動きがなかった", "no depth was seen"),
    "no_blink": ("まばたきがなかった", "no blink was seen"),
    "jump": ("顔を見失った、または飛んだ", "the face was lost or jumped"),
    "frozen": ("映像が止まっていた", "the picture stood still"),
    "repeated": ("同じ映像が繰り返された", "the same pictures came again"),
    "timing": ("カメラにない時刻の映像だった", "times that no camera has"),
    "print_cue": ("紙の縁が見えた", "signs of a print"),
    "screen_cue": ("画面の特徴が見えた", "signs of a screen"),
    "no_match": ("写真と一致しなかった", "did not match the photo"),
    "no_face": ("顔が映らなかった", "no face was seen"),
    "covered": ("顔が隠れていた", "the face was covered"),
    "too_dark": ("暗すぎた", "too dark"),
    "several_faces": ("複数の顔が映った", "several faces were seen"),
    "timed_out": ("時間切れ", "the time was over"),
}
LEFT_OUT: Words = ("有効でない試行", "Tries that do not count")
NOTHING: Words = ("この試験はまだ行われていません。", "Not tested yet.")
INTERVAL: Words = (
    "上限は片側95 %の正確な信頼区間(Clopper-Pearson)。10回中0回の通過なら上限は約26 %です。",
    "Upper end: of the one-sided exact 95 % interval (Clopper-Pearson). None of 10 means below 26 %.",
)
APCER: Mapping[bool, Words] = {
    True: ("写真と一致し、かつ生きた人とされた割合(IAPAR)。", "Matched, and taken for a living person (IAPAR)."),
    False: ("生きた人とされた割合(APCER)。", "Taken for a living person (APCER)."),
}
BPCER: Words = ("本人なのに生体検知が拒否した割合(BPCER)。", "The person, refused by liveness (BPCER).")
METHOD: tuple[Words, ...] = (
    (
        "ログオンと同じ判定を、このPCのカメラで1回ずつ実行した。偽物を持つ人は、画面の求めにできる限り応じた。",
        "The decision of a logon was run with this PC's camera, once for each try. Whoever held an artefact did what "
        "the screen asked for as far as it could be done.",
    ),
    (
        "判定の規則: 一つの偽物につき有効な提示10回のうち、通過0~1回は合格。2回ならさらに10回行い、"
        "その10回がすべて拒否で合格。3回で不合格。",
        "The rule: of ten tries with one artefact that count, none or one may pass; two mean ten more, which must all "
        "be refused; three fail.",
    ),
    (
        "画像、特徴点の座標、氏名は保存していない。この報告書は回数だけを含む。",
        "No picture, coordinate or name was kept. This report holds counts only.",
    ),
)
NO_CLAIMS: tuple[Words, ...] = (
    (
        "試していない種類の偽物(立体マスク、求められた動作を撮影した動画など)については何も言えない。",
        "Nothing about artefacts that were not tried, such as solid masks or films of the action that is asked for.",
    ),
    (
        "少ない人数の写真による結果で、ほかの人、カメラ、照明に当てはまるとは限らない。同じ偽物の繰り返しは互いに独立では"
        "ない。",
        "The pictures are of few people: other people, cameras or light may differ, and repeated tries with one "
        "artefact are not independent of each other.",
    ),
    (
        "認証機関による評価(コモンクライテリア、ISO/IEC 30107-3)に代わるものではない。",
        "It does not replace an evaluation by a laboratory (Common Criteria, ISO/IEC 30107-3).",
    ),
)
