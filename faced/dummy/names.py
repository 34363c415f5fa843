"""Japanese names for people who do not exist: common family and given names, put together by chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """One name in the three ways that a personnel directory keeps it."""

    roman: str
    japanese: str
    kana: str


def _names(text: str) -> tuple[Name, ...]:
    return tuple(Name(*line.split()) for line in text.strip().splitlines())


FAMILY = _names("""
Sato 佐藤 さとう
Suzuki 鈴木 すずき
Takahashi 高橋 たかはし
Tanaka 田中 たなか
Ito 伊藤 いとう
Watanabe 渡辺 わたなべ
Yamamoto 山本 やまもと
Nakamura 中村 なかむら
Kobayashi 小林 こばやし
Kato 加藤 かとう
Yoshida 吉田 よしだ
Yamada 山田 やまだ
Sasaki 佐々木 ささき
Yamaguchi 山口 やまぐち
Matsumoto 松本 まつもと
Inoue 井上 いのうえ
Kimura 木村 きむら
Hayashi 林 はやし
Saito 斎藤 さいとう
Shimizu 清水 しみず
Yamazaki 山崎 やまざき
Mori 森 もり
Ikeda 池田 いけだ
Hashimoto 橋本 はしもと
Ishikawa 石川 いしかわ
Ogawa 小川 おがわ
Maeda 前田 まえだ
Okada 岡田 おかだ
Hasegawa 長谷川 はせがわ
Fujita 藤田 ふじた
Goto 後藤 ごとう
Kondo 近藤 こんどう
Murakami 村上 むらかみ
Endo 遠藤 えんどう
Aoki 青木 あおき
Sakamoto 坂本 さかもと
Fukuda 福田 ふくだ
Nishimura 西村 にしむら
Ota 太田 おおた
Miura 三浦 みうら
Okamoto 岡本 おかもと
Matsuda 松田 まつだ
Nakagawa 中川 なかがわ
Nakano 中野 なかの
Harada 原田 はらだ
Ono 小野 おの
Takeuchi 竹内 たけうち
Kaneko 金子 かねこ
Wada 和田 わだ
Nakayama 中山 なかやま
Ishida 石田 いしだ
Ueda 上田 うえだ
Morita 森田 もりた
Hara 原 はら
Shibata 柴田 しばた
Sakai 酒井 さかい
Kudo 工藤 くどう
Yokoyama 横山 よこやま
Miyazaki 宮崎 みやざき
Uchida 内田 うちだ
Takagi 高木 たかぎ
Ando 安藤 あんどう
Taniguchi 谷口 たにぐち
Ono 大野 おおの
Imai 今井 いまい
Takada 高田 たかだ
Fujimoto 藤本 ふじもと
Takeda 武田 たけだ
Murata 村田 むらた
Ueno 上野 うえの
""")

MALE = _names("""
Hiroshi 浩 ひろし
Takashi 隆 たかし
Makoto 誠 まこと
Osamu 修 おさむ
Kenji 健二 けんじ
Naoki 直樹 なおき
Tetsuya 哲也 てつや
Daisuke 大輔 だいすけ
Kenta 健太 けんた
Shota 翔太 しょうた
Takuya 拓也 たくや
Kazuya 和也 かずや
Yuta 雄太 ゆうた
Ryota 亮太 りょうた
Shinji 真司 しんじ
Koichi 浩一 こういち
Masaru 勝 まさる
Satoshi 聡 さとし
Manabu 学 まなぶ
Jun 淳 じゅん
Hideki 秀樹 ひでき
Tomohiro 智弘 ともひろ
Yusuke 祐介 ゆうすけ
Shun 駿 しゅん
Ren 蓮 れん
Haruto 陽斗 はると
Kosuke 康介 こうすけ
Masato 正人 まさと
Yoshio 良夫 よしお
Isamu 勇 いさむ
""")

FEMALE = _names("""
Yoko 洋子 ようこ
Keiko 恵子 けいこ
Kumiko 久美子 くみこ
Yumiko 由美子 ゆみこ
Tomoko 智子 ともこ
Mayumi 真由美 まゆみ
Naomi 直美 なおみ
Kaori 香織 かおり
Megumi 恵 めぐみ
Yuka 由佳 ゆか
Ai 愛 あい
Mai 舞 まい
Misaki 美咲 みさき
Ayaka 彩香 あやか
Nanami 七海 ななみ
Sakura 桜 さくら
Hina 陽菜 ひな
Aoi 葵 あおい
Rie 理恵 りえ
Sachiko 幸子 さちこ
Chieko 千恵子 ちえこ
Akiko 明子 あきこ
Miho 美穂 みほ
Asami 麻美 あさみ
Eri 絵里 えり
Haruka 遥 はるか
Shiori 詩織 しおり
Mizuki 瑞希 みずき
Noriko 典子 のりこ
Yukari 由香里 ゆかり
""")
