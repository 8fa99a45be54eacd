import base64
import io

from PIL import Image

from odoo.tests import BaseCase, tagged

from ..tools import css, images, reading
from ..tools.images import are_too_large
from ..tools.reading import find_hidden, has_tricks, printable
from .common_doctest import check_doctests

BROKEN = "data:image/png;base64," + base64.b64encode(b"PNG").decode()


def make_image(width, height):
    """A picture of one colour as a `data:` address."""
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


HIDING = (
    '<p style="display:none">x</p>',
    '<p style="DISPLAY : NONE !important">x</p>',
    '<p style="display:none;display:bogus">x</p>',
    r'<p style="dis\70lay:none">x</p>',
    '<p style="dis/**/play:block;display:/**/none">x</p>',
    '<p style="font-family:\';display:none">x</p>',
    '<p style="visibility:hidden">x</p>',
    '<p style="visibility:collapse">x</p>',
    '<p style="content-visibility:hidden">x</p>',
    '<p style="opacity:0">x</p>',
    '<p style="opacity:.01">x</p>',
    '<p style="opacity:5%">x</p>',
    '<p style="filter:opacity(0)">x</p>',
    '<p style="font-size:0">x</p>',
    '<p style="font-size:1px">x</p>',
    '<p style="font-size:0.1em">x</p>',
    '<p style="font-size:calc(0px)">x</p>',
    '<p style="font:0/0 a">x</p>',
    '<p style="font-size:60%"><i style="font-size:50%"><b style="font-size:50%">x</b></i></p>',
    '<p style="position:absolute;left:-9999px">x</p>',
    '<p style="position:fixed">x</p>',
    '<p style="position:relative;left:-9999px">x</p>',
    '<p style="text-indent:-9999px">x</p>',
    '<p style="margin-left:-9999px">x</p>',
    '<p style="margin:0 0 0 -99em">x</p>',
    '<p style="letter-spacing:-1em">x</p>',
    '<p style="line-height:0">x</p>',
    '<p style="overflow:hidden;height:0">x</p>',
    '<p style="max-height:0px;overflow-y:hidden">x</p>',
    '<p style="clip-path:inset(100%)">x</p>',
    '<p style="transform:scale(0)">x</p>',
    '<p style="zoom:0">x</p>',
    '<p style="color:white">x</p>',
    '<p style="color:snow">x</p>',
    '<p style="color:#fefefe">x</p>',
    '<p style="color:rgb(255 255 255)">x</p>',
    '<p style="color:hsl(0,0%,100%)">x</p>',
    '<p style="color:transparent">x</p>',
    '<p style="color:rgba(0,0,0,0)">x</p>',
    '<p style="color:white;color:foo(1)">x</p>',
    '<p style="-webkit-text-fill-color:white">x</p>',
    '<p style="color:white"><b>x</b></p>',
    '<font color="white">x</font>',
    '<div style="background-color:#1a1a1a">x</div>',
    '<p style="background:black">x</p>',
    '<p style="color:navy;background:#000080">x</p>',
    '<table bgcolor="black"><tr><td>x</td></tr></table>',
    '<p class="text-white">x</p>',
    '<p class="d-none">x</p>',
    '<p class="a visually-hidden b">x</p>',
    "<p hidden>x</p>",
    "<details><summary>a</summary>x</details>",
    "<template>x</template>",
    "<textarea>x</textarea>",
    "<select><option>x</option></select>",
    '<bdo dir="rtl">x</bdo>',
    '<p style="unicode-bidi:bidi-override;direction:rtl">x</p>',
    "<p>a<!-- x --></p>",
    "<p>a\u202ebc</p>",
)
HARMLESS = (
    '<p style="color:red">x</p>',
    '<p style="background-color:yellow">x</p>',
    '<p style="color:#fff;background-color:navy">x</p>',
    '<div class="text-white bg-primary">x</div>',
    '<font style="color: rgb(0, 0, 255);">x</font>',
    '<p style="font-size:10px">x</p>',
    '<p style="font-size:1.2em;line-height:107%">x</p>',
    '<p style="text-indent:21pt">x</p>',
    '<p style="margin-left:36pt;text-indent:-18.0pt">x</p>',
    '<p style="letter-spacing:-0.2px">x</p>',
    '<h2 style="text-align:center; margin:0 0 10px">x</h2>',
    '<td style="border:1px solid #ccc;width:100%;overflow:hidden">x</td>',
    '<p style="background:#f0f0f0 none repeat scroll 0% 0%">x</p>',
    '<p style="display:none"></p><p hidden> </p>',
    "<p><s>x</s> <del>y</del></p>",
    "<p>می\u200cخواهم</p>",
    "",
)
# What an element may ask for, in all the ways that HTML and CSS have.
FETCHING = (
    '<img src="{url}">',
    '<img srcset="{url} 2x">',
    '<img src="data:image/svg+xml,<svg xmlns=\'x\'><image href=\'{url}\'/></svg>">',
    '<picture><source srcset="{url}"><img src="{url}"></picture>',
    '<svg><image href="{url}" xlink:href="{url}"/><use href="{url}"/></svg>',
    '<math><mi href="{url}">y</mi></math>',
    '<iframe src="{url}"></iframe>',
    '<iframe srcdoc="&lt;img src={url}&gt;"></iframe>',
    '<frameset><frame src="{url}"></frameset>',
    '<object data="{url}"><param name="movie" value="{url}"></object>',
    '<embed src="{url}">',
    '<applet archive="{url}"></applet>',
    '<link rel="stylesheet" href="{url}">',
    '<link rel="prefetch" href="{url}">',
    '<link rel="dns-prefetch" href="{url}">',
    '<base href="{url}"><img src="a.png">',
    '<meta http-equiv="refresh" content="0;url={url}">',
    '<script src="{url}"></script>',
    '<script>new Image().src="{url}"</script>',
    '<style>@import url({url});</style>',
    '<style>@font-face{{font-family:a;src:url({url})}} p{{font-family:a}}</style><p>y</p>',
    '<style>p{{background:url({url})}}</style><p>y</p>',
    '<p style="background:url({url})">y</p>',
    '<p style="background-image:u\\72l({url})">y</p>',
    '<p style="background-image:-webkit-image-set(url({url}) 1x)">y</p>',
    '<p style="border-image:url({url}) 1">y</p>',
    '<p style="cursor:url({url}),auto">y</p>',
    '<p style="content:url({url})">y</p>',
    '<p style="-webkit-mask:url({url})">y</p>',
    '<p style="filter:url({url}#a)">y</p>',
    '<ul style="list-style-image:url({url})"><li>y</li></ul>',
    '<ul style="list-style:url({url})"><li>y</li></ul>',
    '<body background="{url}">y</body>',
    '<table background="{url}"><tr><td background="{url}">y</td></tr></table>',
    '<video src="{url}" poster="{url}"><source src="{url}"><track src="{url}"></video>',
    '<audio src="{url}" autoplay></audio>',
    '<input type="image" src="{url}">',
    '<form action="{url}"><button formaction="{url}">y</button></form>',
    '<p onclick="new Image().src=\'{url}\'" onload="x">y</p>',
    '<img src="x" onerror="new Image().src=\'{url}\'">',
    '<a href="{url}" ping="{url}">y</a>',
    '<div class="header article" data-oe-model="crm.contract" data-oe-id="1">y</div>',
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestToolsReading(BaseCase):
    def test_doctests(self):
        check_doctests(self, css)
        check_doctests(self, images)
        check_doctests(self, reading)

    def test_hiding(self):
        for body in HIDING:
            with self.subTest(body):
                self.assertTrue(find_hidden(body))
                self.assertNotEqual(
                    reading.reading(body), reading.reading("<p>a</p><p>x</p>")
                )

    def test_harmless(self):
        for body in HARMLESS:
            with self.subTest(body):
                self.assertFalse(find_hidden(body))

    def test_hidden_is_printed_for_all_to_see(self):
        for body in HIDING:
            with self.subTest(body):
                again = printable(body)
                if "\u202e" not in body:
                    self.assertFalse(find_hidden(again), again)
                if "x" in again:
                    self.assertNotIn("style", again)

    def test_nothing_to_fetch_is_left(self):
        for body in FETCHING:
            with self.subTest(body):
                again = printable(body.format(url="http://127.0.0.1:9/a"))
                again = again.replace('<a href="http://127.0.0.1:9/a">', "")
                for word in (
                    "127.0.0.1",
                    "url",
                    "src",
                    "@",
                    "script",
                    "class",
                    "data-",
                ):
                    self.assertNotIn(word, again)

    def test_images_that_come_along(self):
        data = make_image(3, 2)
        body = f'<p><img src="{data}" width="10" onload="x"/></p>'
        self.assertEqual(printable(body), f'<p><img src="{data}" width="10"></p>')
        body = '<p><img src="/web/image/7-a/b.png" alt="Plan"></p>'
        self.assertEqual(printable(body, lambda address: None), "<p>[Plan]</p>")
        self.assertIn(data, printable(body, lambda address: data))

    def test_images_that_would_fill_the_memory(self):
        """A file of some kilobytes may be a picture of gigabytes."""
        self.assertFalse(are_too_large(f'<img src="{make_image(5000, 9000)}"/>'))
        large = make_image(10000, 5001)
        self.assertLess(len(large), 60_000)
        for body in (
            f'<p><img src=" {large} "/></p>',
            f'<p><img src="{make_image(5000, 9000)}"/>'
            f'<img src="{make_image(5000, 2000)}"/></p>',
            f'<img src="{make_image(30000, 20000)}"/>',
        ):
            self.assertTrue(are_too_large(body))
        self.assertEqual(printable(f'<p><img src="{large}" alt="Plan"/></p>'),
                         "<p>[Plan]</p>")  # fmt: skip
        self.assertEqual(printable(f'<p>A<img src="{BROKEN}"/></p>'), "<p>A</p>")
        self.assertFalse(are_too_large(f'<img src="{BROKEN}"/>'))

    def test_plain_text_is_kept(self):
        for body in (
            "<p>a &lt;script&gt; &amp; b</p>",
            "1 &lt; 2 <b>c</b> d",
            '<table><tr><td colspan="2" style="border:1px solid black">A</td></tr></table>',
            '<ol start="3"><li>A<br>B</li></ol>',
        ):
            self.assertEqual(printable(body), body)

    def test_no_end_of_time(self):
        """What an attacker makes long takes time in proportion."""
        for body in (
            '<p style="' + "a:\"('(" * 50000 + '">x</p>',
            "<span>" * 3000 + "x",
            '<p style="' + "color:red;" * 20000 + '">x</p>',
        ):
            find_hidden(body)
            printable(body)

    def test_tricks(self):
        self.assertTrue(has_tricks("Pay \u202e001"))
        self.assertFalse(has_tricks("Pay 100 €\n\u200f"))
