"""Turns words of scripts without the letters a to z, and signs of money, into English words. Pure.

Chinese, Japanese and Korean put no blanks between words, so that a name is looked through for the terms in it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TERMS = {
    "input": "输入 輸入 入力 입력 ввод входн вход الإدخال είσοδος 提示词 提示",
    "output": "输出 輸出 出力 출력 вывод выходн выход الإخراج έξοδος 补全 生成 完成内容",
    "token": "令牌 词元 トークン 토큰 токен رموز 標記 标记",
    "model": "模型 モデル 모델 модель модели النموذج μοντέλο",
    "timestamp": "时间戳 日時 时间 時間 時刻 日期 日付 일시 시각 시간 날짜 время дата الوقت التاريخ",
    "cost": "费用 費用 成本 金额 金額 料金 コスト 价格 價格 비용 요금 стоимость цена затраты التكلفة κόστος",
    "duration": "耗时 耗時 时长 時長 用时 延迟 延遲 所要時間 応答時間 処理時間 レイテンシ 소요시간 지연 지연시간"
    " длительность задержка продолжительность",
    "status": "状态 狀態 状態 ステータス 结果 結果 상태 결과 статус результат состояние الحالة",
    "success": "成功 성공 успех успешно успешный نجاح",
    "failed": "失败 失敗 실패 ошибка неудача неуспешно خطأ エラー 错误 錯誤 오류 异常 超时",
    "cached": "缓存 快取 キャッシュ 캐시 кэш кеш",
    "request": "请求 請求 リクエスト 요청 запрос запросов",
    "call": "调用 調用 呼び出し 호출 вызов вызовов",
    "total": "总 總 合计 合計 총 합계 всего итого",
    "count": "次数 次數 回数 횟수 количество число",
    "question": "質問 问题 提问 вопрос 질문 سؤال ερώτηση",
    "answer": "回答 答案 答え 回复 ответ 답변 جواب إجابة απάντηση",
    "session": "会话 會話 セッション 세션 сессия",
    "user": "用户 使用者 ユーザー 사용자 пользователь",
    "eur": "€ евро",
    "gbp": "£",
    "cny": "¥ 元 人民币",
    "jpy": "円 エン",
    "inr": "₹",
    "krw": "₩ 원",
    "rub": "₽ руб",  # noqa: RUF001
    "usd": "美元 ドル 달러",
    "ms": "毫秒 ミリ秒 밀리초 мс",
    "seconds": "秒 초 сек",
    "micro": "µ μ",
}
_ENGLISH = {term: word for word, terms in _TERMS.items() for term in terms.split()}
_ANY = re.compile("|".join(re.escape(term) for term in sorted(_ENGLISH, key=len, reverse=True)), re.IGNORECASE)
_STEMS = {
    "input": "vstup wejsc bemenet giris girdi syot indata inngang intrare",
    "output": "vystup wyjsc kimenet cikis cikti tulos utdata utgang iesire",
    "cost": "kostnad koltseg maliyet koszt naklad hinta omkostning",
    "duration": "varighet varaktighet kesto idotartam trvani",
}
_FROM_STEM = {stem: word for word, stems in _STEMS.items() for stem in stems.split()}
_STEM = re.compile(f"({'|'.join(_FROM_STEM)})[a-z]{{0,4}}")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss"})  # noqa: RUF001
_DOLLAR = re.compile(r"\$(?![A-Za-z])")


@lru_cache(maxsize=4096)
def in_english(text: str) -> str:
    """Return a text with English words in place of what is known of other scripts; the rest stays as it is."""
    text = _DOLLAR.sub(" usd ", text)
    return text if text.isascii() else _ANY.sub(lambda found: f" {_ENGLISH[found[0].lower()]} ", text)


def plain_letters(text: str) -> str:
    """Return a text in lower case without the signs at letters: `d'entrée` is `d'entree`."""
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(it for it in folded if not unicodedata.combining(it)).lower().translate(_LETTERS)


def known_stem(word: str) -> str:
    """Return an English word in place of one of which the stem is known; any other stays as it is."""
    found = _STEM.fullmatch(word)
    return word if found is None else _FROM_STEM[found[1]]
