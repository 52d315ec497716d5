"""The Chinese of what these tools say. The key is the English text, as it stands in the code."""

WORDS = {
    # --help
    "Arguments": "参数",
    "Options": "选项",
    "Commands": "命令",
    "[default: {{}}]": "[默认：{{}}]",
    "[required]": "[必填]",
    "Usage: ": "用法：",
    "Show this message and exit.": "显示这段帮助，然后退出。",
    "Inngest in this project: the Dev Server, the app beside it, what is wrong between them.\n\n"
    "The Dev Server's settings are in bin/inngest, its state and its log in .inngest.\n\n"
    "Exit codes: 0 done, 1 error or failed check, 2 wrong usage, 3 not running.": (
        "本项目里的 Inngest：Dev Server，旁边的应用，以及两者之间的问题。\n\n"
        "Dev Server 的配置在 bin/inngest 里，状态和日志在 .inngest 里。\n\n"
        "退出码：0 完成，1 出错或检查没有通过，2 用法不对，3 没有在运行。"
    ),
    "Run the Inngest Dev Server and the app, with reload, until Ctrl-C.\n\n"
    "A second Ctrl-C ends it at once. Installs the Dev Server first if there\nis none.\n\n"
    "When one of the two ends, the other is ended with it, and the exit code is\n"
    "that of the one that failed. After Ctrl-C, SIGTERM or a closed terminal: 0.": (
        "运行 Inngest Dev Server 和应用，改了代码自动重新加载，直到按 Ctrl-C。\n\n"
        "再按一次 Ctrl-C 就立刻结束。还没有 Dev Server 就先安装。\n\n"
        "两者之一退出，另一个也跟着结束，退出码是出错的那个的。"
        "按 Ctrl-C、收到 SIGTERM 或关闭终端时，退出码是 0。"
    ),
    "Run the app alone.": "只运行应用。",
    "Start a new Python at each reload: slower.": "每次重新加载都启动一个新的 Python：比较慢。",
    "Run the app in this terminal, for breakpoint(); no reload.": (
        "让应用直接在这个终端里运行，breakpoint() 会停下来；不自动重新加载。"
    ),
    "Send an event, with example data where you give none.\n\n"
    "Named by a function that it starts, or by its own name. A function that no event\n"
    "starts is invoked. The app has to run: it knows what its events hold.": (
        "发送一个事件，没写的数据用示例值。\n\n"
        "可以写它触发的函数，也可以写事件的名字。不由事件触发的函数会直接启动。"
        "应用要在运行：事件里有什么，只有它知道。"
    ),
    "An event's name, or a function's id.": "事件的名字，或函数的 id。",
    "Other data.": "别的数据。",
    "Write a function with its event and its test; nothing that exists is written over.\n\n"
    "`dev` serves it at once: there is no list to add it to.": (
        "写出一个函数，连同事件和测试；已有的文件不会被覆盖。\n\n"
        "`dev` 开着的话马上就能用：没有清单要登记。"
    ),
    "As in order-placed.": "例如 order-placed。",
    'Run on a schedule, as in "0 6 * * *".': '定时运行，例如 "0 6 * * *"。',
    "Also a route that sends its event.": "再写一个发送该事件的路由。",
    "Download the Inngest CLI, check it and put it into bin/inngest.": (
        "下载 Inngest CLI，核对校验和，放进 bin/inngest。"
    ),
    "Start the Dev Server in the background, and sync the app if that is up.\n\n"
    "Does no harm when it runs already.": (
        "在后台启动 Dev Server；应用要是已经在运行，就同步。\n\n"
        "Dev Server 已在运行时，再执行一次也没有坏处。"
    ),
    "Stop the Dev Server, and whatever it started.": "停止 Dev Server 和它启动的一切。",
    "Stop the Dev Server if it runs, then start it.": "重新启动 Dev Server；没有在运行就直接启动。",
    "Say whether the Dev Server runs and what it knows of the app.\n\n"
    "Exit codes: 0 it runs, 3 it does not.": (
        "显示 Dev Server 是否在运行，以及它认识应用的哪些函数。\n\n退出码：0 在运行，3 没有在运行。"
    ),
    "For programs.": "给程序读的格式。",
    "Show the Dev Server's log.": "显示 Dev Server 的日志。",
    "Go on until Ctrl-C.": "持续显示，直到按 Ctrl-C。",
    "How many of the last lines.": "显示最后多少行。",
    "Say what a project that stands still needs, and where it loses work today.\n\n"
    "Exit code 1: something is to do.": (
        "指出已有的项目还缺什么，现有代码在哪里会丢失任务。\n\n退出码 1：还有要做的。"
    ),
    "Show a diff, then apply it.": "先显示 diff，再写入。",
    "Turn code of the older guide, and of Inngest's SDK 0.3 and 0.4, into today's.\n\n"
    "Shows a diff of what it would change, and lists what a person decides. Step ids,\n"
    "function ids and event names stay.\n\n"
    "Exit codes: 0 nothing is left to do, 1 something is, 2 wrong usage.": (
        "把旧指南的代码、Inngest SDK 0.3 和 0.4 的代码改成今天的写法。\n\n"
        "以 diff 的形式显示会改什么，并列出要由人决定的地方。步骤 id、函数 id 和事件名都不变。\n\n"
        "退出码：0 没有要改的了，1 还有要改的，2 用法不对。"
    ),
    "Files, folders, a repository.": "文件、文件夹或整个仓库。",
    "Change the files.": "写入文件。",
    "Write over changes that git does not have, too.": "有 git 里没有的修改也照样写入。",
    "Check everything between app and Dev Server, and say what to type.\n\n"
    "Exit code 1: a check failed.": (
        "逐个检查应用和 Dev Server 之间的环节，并告诉你该敲什么命令。\n\n退出码 1：有检查没有通过。"
    ),
    # check
    "failed: {names}": "没有通过：{names}",
    "all passed": "全部通过",
    # dev
    "App": "应用",
    "API docs": "API 文档",
    "Dashboard": "Dashboard",
    "Ctrl-C ends it.": "按 Ctrl-C 结束。",
    "Reload: {names}": "重新加载：{names}",
    "Reloaded.": "已重新加载。",
    "Reloaded: {result}": "已重新加载：{result}",
    "Waiting for the next change.": "等待下一次修改。",
    "The app did not start.": "应用没有启动。",
    "The app did not start. Waiting for the next change.": "应用没有启动，等待下一次修改。",
    "The app runs on as it was. Waiting for the next change.": (
        "应用仍按原来的样子运行，等待下一次修改。"
    ),
    "The app ended with exit code {code}.": "应用已退出，退出码 {code}。",
    "The Dev Server ended with exit code {code}.": "Dev Server 已退出，退出码 {code}。",
    "The app finishes what it has begun: {grace:.0f} s at most.": (
        "应用正在完成已开始的工作：最多 {grace:.0f} 秒。"
    ),
    "Still answered: {names}": "还在响应：{names}",
    "({size} kB more are in {file}.)": "（另有 {size} kB 在 {file} 中。）",
    "The Dev Server runs already (pid {pid}) and will go on after this.": (
        "Dev Server 已在运行（pid {pid}），这里结束后它会继续运行。"
    ),
    "The Dev Server keeps its settings until `{restart}`.": (
        "Dev Server 要执行 `{restart}` 之后才会用上新配置。"
    ),
    "An earlier `dev` was killed: its app (pid {leftover}) is ended.": (
        "之前的 `dev` 被强行杀掉了：它留下的应用（pid {leftover}）已结束。"
    ),
    "This project's `dev` runs already (pid {pid}): end it there with Ctrl-C.": (
        "这个项目的 `dev` 已在运行（pid {pid}）：请在那个终端里按 Ctrl-C 结束它。"
    ),
    "The app was not started: {name} may say why, and --cold may help.": (
        "应用没能启动：原因可能在 {name} 里，也可以试试 --cold。"
    ),
    "App {url}, to be debugged. Ctrl-C ends it.": "应用 {url}，可以调试了。按 Ctrl-C 结束。",
    "Dashboard {url}: {result}": "Dashboard {url}：{result}",
    # Ports
    "Port {port} {reason}: {advice}.": "端口 {port} {reason}：{advice}。",
    "free it, or set PORT in .env to another one": ("请腾出来，或者在 .env 里把 PORT 改成别的端口"),
    'free it, or give "{key}" another port in {file}': (
        '请腾出来，或者在 {file} 里给 "{key}" 换一个端口'
    ),
    "end it there, or give this project ports of its own with `{update}`": (
        "请在那边结束它，或者用 `{update}` 给本项目换一组端口"
    ),
    "{advice}, and remove PORT from .env": "{advice}，并删掉 .env 里的 PORT",
    "PORT={text} is no port: choose one from 1 to 65535.": (
        "PORT={text} 不是端口：请写 1 到 65535 之间的数。"
    ),
    "is held by {program} (pid {pid}, in {folder})": (
        "被占用，占用它的是 {program}（pid {pid}，目录 {folder}）"
    ),
    "is held by a program of another user": "被占用，占用它的是另一个用户的程序",
    "is reserved by the system (on Windows by Hyper-V or WSL)": (
        "被系统保留（Windows 上是 Hyper-V 或 WSL）"
    ),
    # Syncs
    "App {app_id}: {result}": "应用 {app_id}：{result}",
    "1 function": "1 个函数",
    "{number} functions": "{number} 个函数",
    "{functions} synced": "{functions}已同步",
    "{known} of {functions} synced": "{functions}，已同步 {known} 个",
    "not synced: {error}": "没有同步：{error}",
    "{place}: {problem}": "{place}：{problem}",
    "{error} ({hint})": "{error}（{hint}）",
    "no HTTP: {error!r}": "不是 HTTP：{error!r}",
    "the answer was {phrase}: {words}": "响应是 {phrase}：{words}",
    "no file calls install_inngest: `{adopt}`": "还没有文件调用 install_inngest：`{adopt}`",
    "the server does not know an app {app_id!r}": "服务器不认识应用 {app_id!r}",
    # Runs that cannot go on
    "1 run": "1 次运行",
    "{number} runs": "{number} 次运行",
    "{number} or more runs": "至少 {number} 次运行",
    "{number} of {name}": "{name} {number} 次",
    "{number} ({by_function})": "{number}（{by_function}）",
    ", ": "、",
    "{runs} cannot go on without the Dev Server. {advice}": (
        "{runs}没有 Dev Server 就无法继续。{advice}"
    ),
    "{runs} cannot go on, for the Dev Server is gone.": "Dev Server 没了，{runs}无法继续。",
    "{runs} of an earlier Dev Server cannot go on: start them anew. {advice}": (
        "之前的 Dev Server 留下的 {runs}无法继续：请重新触发。{advice}"
    ),
    "To keep such runs while the app ends and starts, start the Dev Server on its own first: "
    "`{start}`.": "想在应用停下再启动时保住运行，就先单独启动 Dev Server：`{start}`。",
    # The Dev Server
    "Dev Server started: {place}": "Dev Server 已启动：{place}",
    "Dev Server runs already: {place}": "Dev Server 已在运行：{place}",
    "Dev Server stopped.": "Dev Server 已停止。",
    "The Dev Server does not run.": "Dev Server 没有在运行。",
    "The app does not answer at {url} yet: start it with `{dev}`.": (
        "应用还没有在 {url} 响应：用 `{dev}` 启动它。"
    ),
    "There is no log yet: the Dev Server was never started here.": (
        "还没有日志：Dev Server 从未在这里启动过。"
    ),
    "Dev Server: not running. Start it with `{dev}` or `{start}`.": (
        "Dev Server：没有运行。用 `{dev}` 或 `{start}` 启动。"
    ),
    "Dev Server: pid {pid} does not answer at {url}. See `{logs}`.": (
        "Dev Server：pid {pid} 没有在 {url} 响应。请看 `{logs}`。"
    ),
    "Dev Server: running at {url} (pid {pid})\nApp:        {seen}": (
        "Dev Server：运行在 {url}（pid {pid}）\n应用：      {seen}"
    ),
    "{folder} cannot be used: {reason}. Make room, or remove it: nothing needs the logs "
    "and the history in it.": (
        "{folder} 无法使用：{reason}。请腾出空间，或删除它：里面的日志和历史并非必需。"
    ),
    "Another start or stop of the Dev Server is at work: wait for it or end it.": (
        "另一个命令正在启动或停止 Dev Server：请等它做完，或者结束它。"
    ),
    "{cli} does not run: {reason}. Is it made for this system?": (
        "{cli} 运行不了：{reason}。它是给这个系统用的吗？"
    ),
    "The Dev Server did not answer at {url} within {timeout:.0f} s.": (
        "Dev Server 在 {timeout:.0f} 秒内没有在 {url} 响应。"
    ),
    "One of the Dev Server's ports was taken, and it moved to another. Start again.": (
        "Dev Server 有一个端口被占，它换到了别的端口。请重新启动。"
    ),
    "{problem} The last lines of {name}:": "{problem}{name} 的最后几行：",
    "(nothing)": "（空的）",
    # Its CLI
    "INNGEST_BIN={named} is not a file: correct the variable, or remove it and run `{install}`.": (
        "INNGEST_BIN={named} 不是文件：请改正这个变量，或者去掉它，再执行 `{install}`。"
    ),
    '{path} may not be executed: run `chmod +x "{path}"`.': (
        '{path} 没有执行权限：请执行 `chmod +x "{path}"`。'
    ),
    "There is no Inngest CLI for {system} on {machine}: set INNGEST_BIN to one that runs here.": (
        "没有适合 {system} {machine} 的 Inngest CLI：请用 INNGEST_BIN 指定一个能在这里运行的。"
    ),
    "The Dev Server was not installed in {folder}: {error}.": (
        "Dev Server 没能装进 {folder}：{error}。"
    ),
    "{base}/checksums.txt has no line for {archive}: is that the release {version}?": (
        "{base}/checksums.txt 里没有 {archive} 这一行：那里是 {version} 版吗？"
    ),
    "{base}/{archive} is not the file that {name} means: its SHA-256 is {digest}.": (
        "{base}/{archive} 和 {name} 里的校验和对不上：它的 SHA-256 是 {digest}。"
    ),
    "the answer was {status_code} {reason_phrase}": "响应是 {status_code} {reason_phrase}",
    "no answer in time": "超时没有响应",
    "{url}: {problem}. Behind a proxy set HTTPS_PROXY; set INNGEST_DOWNLOAD_URL to a mirror; or "
    "put the CLI into bin/inngest by hand.": (
        "{url}：{problem}。在代理后面就设置 HTTPS_PROXY；有镜像就设置 INNGEST_DOWNLOAD_URL；"
        "也可以手工把 CLI 放进 bin/inngest。"
    ),
    "{archive} has no file {name} in it.": "{archive} 里没有文件 {name}。",
    # Its settings
    "{file} is missing: restore it with `git checkout {file}`.": (
        "缺少 {file}：用 `git checkout {file}` 恢复。"
    ),
    "{file} is not UTF-8: save it as UTF-8.": "{file} 不是 UTF-8：请存成 UTF-8。",
    "{file}, line {line}: not JSON: {problem}.": "{file} 第 {line} 行不是 JSON：{problem}。",
    '{file} is not an object: write {{"port": 8288, ...}}.': (
        '{file} 不是对象：请写成 {{"port": 8288, ...}}。'
    ),
    "{file}: {key} and {other} are both {port}: give each a port of its own.": (
        "{file}：{key} 和 {other} 都是 {port}：请各用各的端口。"
    ),
    'the Dev Server knows no key "{key}": {advice}.': 'Dev Server 不认识 "{key}"：{advice}。',
    'write "{key}", which is {type}': '请写 "{key}"，它的值是{type}',
    "remove it": "请删掉它",
    '"{key}" is {value}, but has to be {type}.': '"{key}" 是 {value}，应该是{type}。',
    "a whole number": "整数",
    "a text": "字符串",
    "true or false": "true 或 false",
    "a list of texts": "字符串列表",
    '"host" is "{value}": write "127.0.0.1", for the Dev Server asks nobody for a password.': (
        '"host" 是 "{value}"：请写 "127.0.0.1"，因为 Dev Server 不要密码，谁都能用。'
    ),
    '"{key}" is {value}: choose one from 1 to 65535.': (
        '"{key}" 是 {value}：请写 1 到 65535 之间的数。'
    ),
    "The app is in production mode, the Dev Server takes apps in dev mode only: set INNGEST_DEV=1 "
    "in .env and remove INNGEST_SIGNING_KEY, or run `{dev}`.": (
        "应用处于生产模式，而 Dev Server 只接受开发模式的应用："
        "请在 .env 里设置 INNGEST_DEV=1 并去掉 INNGEST_SIGNING_KEY，或者执行 `{dev}`。"
    ),
    '{port} is both PORT of the app and "{key}" in {file}: change one of them.': (
        '{port} 既是应用的 PORT，又是 {file} 里的 "{key}"：请改掉其中一个。'
    ),
    "The app talks to {origin}, but the Dev Server listens on {url}: set INNGEST_BASE_URL={url} in "
    ".env, and no other address of Inngest.": (
        "应用连接的是 {origin}，Dev Server 却在 {url}：请在 .env 里设置 INNGEST_BASE_URL={url}，"
        "不要设置别的 Inngest 地址。"
    ),
    # Its database
    "a file in .inngest": ".inngest 里的一个文件",
    "in memory": "在内存里",
    "PostgreSQL at {place}": "PostgreSQL，在 {place}",
    "PostgreSQL at {host}": "PostgreSQL，在 {host}",
    '"postgres-uri" in {file}': '{file} 里的 "postgres-uri"',
    "Nothing listens": "没有程序监听",
    "{reason} at {place}, where {source} has the Dev Server's database: start PostgreSQL there, or "
    "keep the history in a file: {advise}.": (
        "{place}：{reason}。按 {source}，Dev Server 的数据库在那里：请启动那里的 PostgreSQL，"
        "或者把历史记录存进文件：{advise}。"
    ),
    "remove INNGEST_POSTGRES_URI": "去掉 INNGEST_POSTGRES_URI",
    'put "persist": true, "sqlite-dir": ".inngest" in the place of {keys}': (
        '把 {keys} 换成 "persist": true, "sqlite-dir": ".inngest"'
    ),
    # doctor
    "not checked": "没有检查",
    "correct the above first": "请先改正上面的问题",
    "the Inngest CLI is not installed": "没有安装 Inngest CLI",
    "{cli} does not run here": "{cli} 在这里运行不了",
    "remove it, then {install}": "删掉它，再执行 {install}",
    "{cli} is {version}, this project is made for {wanted}": (
        "{cli} 是 {version}，这个项目要用 {wanted}"
    ),
    ".env and the environment are valid": ".env 和环境变量都没有问题",
    "the app's own settings and the network's variables are valid": (
        "应用自己的配置和网络相关的变量都没有问题"
    ),
    "{python} has no {module}: run this with the environment that runs the app.": (
        "{python} 里没有 {module}：请用运行应用的那个环境来执行。"
    ),
    "not checked: the app's settings took more than {timeout:.0f} s": (
        "没有检查：应用读取配置超过了 {timeout:.0f} 秒"
    ),
    "not checked: the app's settings print or end something else": (
        "没有检查：应用的配置代码自己打印了内容，或者结束了进程"
    ),
    "{file} is valid": "{file} 没有问题",
    "the app talks to {url}": "应用连接的是 {url}",
    "free, or our own": "都空着，或者由本项目占用",
    "the Dev Server does not run": "Dev Server 没有在运行",
    "{dev}, or {start}": "{dev}，或者 {start}",
    "the Dev Server runs (pid {pid}) but does not answer at {url}": (
        "Dev Server 在运行（pid {pid}），但没有在 {url} 响应"
    ),
    "{logs}, then {restart}": "先看 {logs}，再执行 {restart}",
    "{url} answers (pid {pid})": "{url} 有响应（pid {pid}）",
    "{url} answers, with {functions}": "{url} 有响应，共 {functions}",
    "no app answers at {place}": "没有应用在 {place} 响应",
    "{dev}; where that runs, it says why the app does not": (
        "{dev}；它要是已经在运行，那里写着应用为什么起不来"
    ),
    "the answer was {reply}": "响应是 {reply}",
    "is that this app? if so, let its middlewares pass requests to 127.0.0.1": (
        "那是这个应用吗？如果是，请让它的中间件放行发往 127.0.0.1 的请求"
    ),
    "correct that, then {start}": "改好以后执行 {start}",
    "not checked: it takes both": "没有检查：两边都要在运行",
    "not checked: it takes the Dev Server": "没有检查：Dev Server 要在运行",
    "not taken: {error!r}": "没有收下：{error!r}",
    "sent and received": "发出了，也收到了",
    "sent, but not received in {timeout:.0f} s": "发出了，但 {timeout:.0f} 秒内没有收到",
    # send
    "Sent {event} {data} as {id}. {where}": "已发送 {event} {data}，id 是 {id}。{where}",
    "Started {name}. {where}": "已启动 {name}。{where}",
    "Its run: {api_origin}/runs": "运行记录：{api_origin}/runs",
    "There is no function or event {name!r}. There are: {known}.": (
        "没有叫 {name!r} 的函数或事件。现有：{known}。"
    ),
    "No app that `dev` has started answers at {url}: start it with `{dev}`, and send from a second "
    "terminal.": "{url} 那里没有由 `dev` 启动的应用：先用 `{dev}` 启动，再从另一个终端发送。",
    "{origin} did not take the event: {reply}": "{origin} 没有收下事件：{reply}",
    "{function} was not started: {error}": "{function} 没有启动：{error}",
    "{field} is no field: write name=value.": "{field} 不是字段：请写成 name=value。",
    "The Dev Server does not answer at {origin}: start it with `{start}`.": (
        "Dev Server 没有在 {origin} 响应：用 `{start}` 启动它。"
    ),
    # new
    "Event": "事件",
    "Function": "函数",
    "Test": "测试",
    "Route": "路由",
    "Its test": "路由测试",
    "A route of yours starts it with": "在你的路由里这样触发它：",
    "While `dev` runs, try it with `{send}`.": "`dev` 运行时，用 `{send}` 试一下。",
    "--route sends an event, and --cron takes none: leave one of them out.": (
        "--route 要发送事件，--cron 不用事件：请去掉其中一个。"
    ),
    "{name} is no name for a function: use small letters, digits and hyphens, like order-placed, "
    "and at most {length} of them.": (
        "{name} 不能当函数名：只能用小写字母、数字和连字符，"
        "例如 order-placed，最多 {length} 个字符。"
    ),
    "{name} means something else to Python, pytest or Inngest: choose another one.": (
        "{name} 在 Python、pytest 或 Inngest 里另有含义：请换一个名字。"
    ),
    '{error}. Write five fields, as in "0 6 * * 1-5".': (
        '{error}。请写五个字段，例如 "0 6 * * 1-5"。'
    ),
    "{file} is there already: choose another name.": "{file} 已经存在：请换一个名字。",
    "{file} has fn_id={id!r}: choose another name.": "{file} 里已有 fn_id={id!r}：请换一个名字。",
    "{file} has {event_class} or {event!r} already: choose another name.": (
        "{file} 里已有 {event_class} 或 {event!r}：请换一个名字。"
    ),
    # The stand-in for a model
    "A stand-in for a model at {url}, which AI_BASE_URL has to name.": (
        "模型的替身已启动：{url}，AI_BASE_URL 要指向它。"
    ),
    # The page at `/`
    "This page is there while the app is developed, because the app has none of its own at `/`.": (
        "应用自己在 `/` 没有页面，所以开发时显示这一页。"
    ),
    "Links": "链接",
    "Check the set-up": "检查环境",
    "Inngest's documentation": "Inngest 文档",
    "Functions": "函数",
    "There is none yet; this writes one:": "还没有函数；用这条命令写一个：",
    "on {triggers}": "触发条件：{triggers}",
    "Send": "发送",
    "Run now": "立即运行",
    "What is sent": "发送的内容",
    "Last runs": "最近的运行",
    "None yet: press a button.": "还没有：按一个按钮试试。",
    "Status": "状态",
    "Started": "开始时间",
    "Result": "结果",
    "Queued": "排队中",
    "Running": "运行中",
    "Completed": "已完成",
    "Failed": "失败",
    "Cancelled": "已取消",
    "Sent {event}; its run shows among the last ones.": "已发送 {event}；它的运行见“最近的运行”。",
    "Started {name}; its run shows among the last ones.": "已启动 {name}；它的运行见“最近的运行”。",
    "The app does not answer: is it being reloaded?": "应用没有响应：是不是正在重新加载？",
    "Not sent": "没有发送",
    "There is no function {id!r} any more: go back and reload the page.": (
        "已经没有函数 {id!r} 了：请返回并刷新页面。"
    ),
    "Back": "返回",
    "Checks": "检查结果",
    "Check": "检查项",
    "Found": "情况",
    # adopt
    "ok": "好了",
    "note": "注意",
    "to do": "要做",
    "this project came from the template: there is nothing to adopt.": (
        "这个项目本来就是模板生成的：没有什么要接入的。"
    ),
    "Inngest in {package}, for the app {app} ({manager})": (
        "Inngest 在 {package}，应用是 {app}（{manager}）"
    ),
    "Until then nothing of Inngest can run here. The new files do no harm meanwhile.": (
        "在那之前，Inngest 的东西在这里都运行不了。新加的文件放着也没有坏处。"
    ),
    "`adopt --write` shows the lines for the app as a diff, and writes them.": (
        "`adopt --write` 以 diff 的形式显示要加进应用的行，并写进去。"
    ),
    "Where work gets lost today: {number}": "现在会丢失任务的地方：{number}",
    "Where work gets lost today: no place that the sources show.": (
        "现在会丢失任务的地方：从源码里没有看到。"
    ),
    "1 place": "1 处",
    "{number} places": "{number} 处",
    "In brackets the example whose pattern replaces it: {names}.\n"
    "One that is not there yet comes with": (
        "方括号里是可以用来替换它的示例：{names}。\n还没有的示例，这样加进来："
    ),
    # adopt: packages
    "not possible yet: {reason}": "现在还不行：{reason}",
    "{package} in {place}": "{place} 里的 {package}",
    "not among the project's dependencies: {names}": "项目的依赖里没有：{names}",
    "inngest and pydantic-settings are asked for": "依赖里已有 inngest 和 pydantic-settings",
    "once before that: {dev}": "在那之前执行一次：{dev}",
    "Now pip install -r {name}": "接下来 pip install -r {name}",
    " and ": " 和 ",
    "write {lines} into the dependencies of [project] in pyproject.toml": (
        "把 {lines} 写进 pyproject.toml 里 [project] 的 dependencies"
    ),
    "write {lines} into {name}, then pip install -r {name}": (
        "把 {lines} 写进 {name}，再执行 pip install -r {name}"
    ),
    "no pin of yours keeps the packages out": "锁定的版本都兼容",
    "{place}: {name}{spec} is too old": "{place}：{name}{spec} 太旧",
    "{name}>={floor} would do: raise it, run your tests": (
        "{name}>={floor} 就够了：提高版本，再跑一遍你们的测试"
    ),
    "{place}: pydantic-core{spec} keeps pydantic below 2.11": (
        "{place}：pydantic-core{spec} 把 pydantic 限制在 2.11 以下"
    ),
    "remove it: pydantic brings its own": "删掉它：pydantic 会自己带上合适的版本",
    "the app runs on pydantic 1 ({places}), the SDK wants pydantic >= 2.11": (
        "应用用的是 pydantic 1（{places}），SDK 要 pydantic >= 2.11"
    ),
    "move the app to pydantic 2 and FastAPI >= 0.110 first": (
        "先把应用升级到 pydantic 2 和 FastAPI >= 0.110"
    ),
    "tortoise-orm{spec} in {place} breaks on pydantic >= 2.11 where {user} imports "
    "tortoise.contrib.pydantic": (
        "{place} 里的 tortoise-orm{spec} 在 pydantic >= 2.11 上会出错，"
        "因为 {user} 导入了 tortoise.contrib.pydantic"
    ),
    "tortoise-orm>=0.25 with fastapi>=0.110 first": "先用上 tortoise-orm>=0.25 和 fastapi>=0.110",
    "{place} allows Python {spec}, Inngest needs {python}": (
        "{place} 允许的 Python 是 {spec}，Inngest 要 {python}"
    ),
    "let Python {python} in first": "先允许 Python {python}",
    "{place} also allows Python below {python} ({spec})": (
        "{place} 还允许低于 {python} 的 Python（{spec}）"
    ),
    "run the app on {python} or newer, images and CI included": (
        "应用要在 {python} 或更新的 Python 上运行，镜像和 CI 也一样"
    ),
    "{place}: {name}{spec} is older than the devtools want": (
        "{place}：{name}{spec} 比开发工具要求的旧"
    ),
    "{name}>={floor}, or run them by uv": "{name}>={floor}，或者用 uv 运行开发工具",
    # adopt: the app's file
    "; ": "；",
    "{path} calls {call}": "{path} 调用了 {call}",
    "{path} does not serve Inngest": "{path} 还没有接入 Inngest",
    "above line 1: {text}": "第 1 行上面：{text}",
    "write {lines} to where this project lists its packages": "把 {lines} 写进项目列依赖的地方",
    "below line {number}: {text}": "第 {number} 行下面：{text}",
    "from {module} import {call}, and {call}(app) below `app = FastAPI(...)`": (
        "from {module} import {call}，并在 `app = FastAPI(...)` 下面写 {call}(app)"
    ),
    "{path} makes the app above its imports": "{path} 在导入语句之前就创建了应用",
    "{path} makes no {name}": "{path} 里没有创建 {name}",
    "{app} leads in a circle": "{app} 绕了一圈又回到自己",
    "{path} cannot be read as Python": "{path} 不是能读懂的 Python",
    "there is no module {module} for the app {app}": "没有应用 {app} 所在的模块 {module}",
    "{path} has several statements in the line that makes the app": (
        "{path} 里创建应用的那一行有好几条语句"
    ),
    "{path}: {name}() does not end in a single `return app`": (
        "{path}：{name}() 不是以唯一一个 `return app` 结尾"
    ),
    "{path} has several statements in the line of `return`": (
        "{path} 里 `return` 那一行有好几条语句"
    ),
    " (the answer `app` may have to be {target})": "（答案 `app` 也许应该是 {target}）",
    # adopt: what is around it
    "git ignores {path}: it would be missing wherever the project is cloned": (
        "git 忽略了 {path}：别人克隆项目后会缺少它"
    ),
    "write !/{folder}/ into .gitignore, or git add --force": (
        "在 .gitignore 里写 !/{folder}/，或者用 git add --force"
    ),
    "{path} measures coverage: your own tests run nothing of {package}": (
        "{path} 统计覆盖率：你们自己的测试不会运行 {package}"
    ),
    'omit = ["{package}/*"] in the settings of coverage (run)': (
        '在 coverage 的配置（run）里写 omit = ["{package}/*"]'
    ),
    "{name} would read the template's files, too": "{name} 也会检查模板的文件",
    "extend-exclude = '''{folders}''' in [tool.black]": (
        "在 [tool.black] 里写 extend-exclude = '''{folders}'''"
    ),
    "extend_skip_glob = [{globs}] in [tool.isort]": (
        "在 [tool.isort] 里写 extend_skip_glob = [{globs}]"
    ),
    "extend-exclude = {commas} in its settings": "在它的配置里写 extend-exclude = {commas}",
    "ignore-paths = [{globs}] in its settings": "在它的配置里写 ignore-paths = [{globs}]",
    "exclude = '{folders}' in [tool.mypy], if you run `mypy .`": (
        "如果你们执行 `mypy .`，在 [tool.mypy] 里写 exclude = '{folders}'"
    ),
    "exclude = [{globs}] in [tool.pyright], if it reads everything": (
        "如果它检查所有文件，在 [tool.pyright] 里写 exclude = [{globs}]"
    ),
    "{path}:{line}: {name} reads requests, Inngest's too": (
        "{path}:{line}：{name} 会读取请求内容，包括 Inngest 的"
    ),
    "leave out /api/inngest there": "在那里排除 /api/inngest",
    "allow 127.0.0.1 in development, and the host by which Inngest calls": (
        "开发时放行 127.0.0.1，以及 Inngest 调用时用的主机名"
    ),
    "leave it out in development": "开发时不要用它",
    "{place}: {name} forbids unknown lines in its .env": (
        "{place}：{name} 不许 .env 里有它不认识的行"
    ),
    'keep INNGEST_* in the environment, or write extra="ignore" there': (
        'INNGEST_* 只放在环境变量里，或者在那里写上 extra="ignore"'
    ),
    "{name} runs Python {version}, the functions need 3.11": (
        "{name} 用的是 Python {version}，函数要 3.11"
    ),
    "FROM python:3.13-slim, or what you run": "FROM python:3.13-slim，或者你们用的版本",
    "{name} copies files one by one, {package} not among them": (
        "{name} 是逐个复制文件的，其中没有 {package}"
    ),
    # adopt: where work gets lost
    "background task {work}": "后台任务 {work}",
    "runs after the answer, once: a restart loses it, an error is only logged": (
        "返回响应之后才运行，只运行一次：重启就丢，出错也只记一条日志"
    ),
    "{kind} started in a request{origin}": "请求里启动的{kind}{origin}",
    "thread": "线程",
    "task": "任务",
    "process": "进程",
    ", by {route}": "，来自 {route}",
    "nobody waits for it: a restart loses it, nobody sees its error": (
        "没有人等它：重启就丢，出错也没人看到"
    ),
    "webhook {route}": "webhook {route}",
    "works before it answers: what fails half-way is sent again from the start, or never": (
        "做完全部工作才响应：做到一半失败，要么被重新发送、从头再来，要么就此丢失"
    ),
    "scheduled job {work}": "定时任务 {work}",
    "runs in each process, or in none while it restarts; a failed run is not tried again": (
        "每个进程各跑一遍，重启时则谁也不跑；失败的一次不会再试"
    ),
    "schedule of Celery's beat": "Celery beat 的定时",
    "cron job {work}": "cron 任务 {work}",
    "a run that fails, or that a restart meets, is gone; nobody is told": (
        "失败的一次、或者正好碰上重启的一次就没有了；没有人会知道"
    ),
    "{library} task {name}": "{library} 任务 {name}",
    "arq job {work}": "arq 任务 {work}",
    "RQ job {work}": "RQ 任务 {work}",
    "the job is retried as a whole: what it had done is done again": (
        "整个任务重试：做过的会再做一遍"
    ),
    "retried as a whole: what it had done is done again": "整个重试：做过的会再做一遍",
    "a worker that dies loses it (acks_late is off by default); retried as a whole, if at all": (
        "worker 一死就丢（acks_late 默认关闭）；就算重试，也是整个重来"
    ),
    "retried as a whole, if asked; in memory a restart loses it": (
        "要求了才重试，而且是整个重来；放在内存里，重启就丢"
    ),
    "a worker that dies leaves it failed; retried as a whole, if asked": (
        "worker 一死就算失败；要求了才重试，而且是整个重来"
    ),
    "a worker that dies loses it; retried as a whole, if asked": (
        "worker 一死就丢；要求了才重试，而且是整个重来"
    ),
    "retry loop around another service": "调用外部服务的重试循环",
    "@{name} around another service": "调用外部服务的 @{name}",
    "the process waits meanwhile, and a restart forgets the attempts": (
        "重试期间进程一直等着，重启就忘了试过几次"
    ),
    "sleep of {seconds:g} s{origin}": "睡眠 {seconds:g} 秒{origin}",
    "a process waits, and a restart forgets what came before": (
        "进程一直等着，重启就忘了前面做过什么"
    ),
    "model call {name}{origin}": "调用模型 {name}{origin}",
    "slow, dear, often refused: what fails after it pays for it again": (
        "又慢又贵，还常被拒绝：后面一失败，这一次就得再付一遍钱"
    ),
    # the check of durable code
    "{code} outside a step differs at every replay: call it in a step's function": (
        "{code} 在步骤之外，每次重放的结果都不同：放到步骤的函数里调用"
    ),
    "{code} is this replay's, and so is the time that is logged": (
        "{code} 只属于这一次重放，日志里的时间也一样"
    ),
    "{code} outside a step sends again at every replay: use ctx.step.send_event": (
        "{code} 在步骤之外，每次重放都会再发一次：改用 ctx.step.send_event"
    ),
    "{code} outside a step waits again at every replay: use ctx.step.sleep": (
        "{code} 在步骤之外，每次重放都会再等一次：改用 ctx.step.sleep"
    ),
    "{code} outside a step is done again at every replay: call it in a step's function": (
        "{code} 在步骤之外，每次重放都会再做一次：放到步骤的函数里调用"
    ),
    (
        "{code} holds up the event loop, and every other run with it: await an async call, or "
        "asyncio.to_thread"
    ): "{code} 会堵住事件循环，其他运行也跟着停：改为 await 异步调用，或用 asyncio.to_thread",
    "{name} is changed in a step, which no replay runs again: return it from the step": (
        "{name} 是在步骤里修改的，重放不会再执行这个步骤：让步骤把它返回"
    ),
    "{code} around steps runs them twice: use ctx.group.parallel": (
        "{code} 包着步骤，步骤会执行两次：改用 ctx.group.parallel"
    ),
    "{code} around steps fails the run: use ctx.group.parallel": (
        "{code} 包着步骤，整个运行会失败：改用 ctx.group.parallel"
    ),
    "{code} has another order in another process: use sorted(...)": (
        "{code} 的顺序换个进程就变：用 sorted(...)"
    ),
    (
        "this lambda sees the last {name} only: hand it over by functools.partial, or as "
        "lambda {name}={name}: ..."
    ): (
        "这个 lambda 只看得到最后一个 {name}：用 functools.partial 传入，"
        "或写成 lambda {name}={name}: ..."
    ),
    "{what} around a step loses its result: catch inngest.StepError": (
        "{what} 包着步骤，会丢掉它的结果：改为捕获 inngest.StepError"
    ),
    "a bare except": "不带类型的 except",
    (
        "{what} hides the error, which ends the retries: let it raise, or catch inngest.StepError "
        "where a step has failed for good"
    ): "{what} 吞掉了错误，于是不再重试：让它抛出，或在步骤彻底失败的地方捕获 inngest.StepError",
    (
        "{what} never sees a NonRetriableError, which ends the run: let the step return an outcome"
    ): "{what} 捕获不到 NonRetriableError，它会直接结束运行：让步骤返回结果，不要抛出",
    "a step in finally runs the one in try twice: put it after the try": (
        "finally 里的步骤会让 try 里的步骤执行两次：放到 try 之后"
    ),
    "{code} is a step in a step, which fails the run: call it after that step": (
        "{code} 是步骤里的步骤，整个运行会失败：放到那个步骤之后再调用"
    ),
    (
        "{id} is the id of a step in a loop: put what differs into it, as in f'{name}-{{index}}'"
    ): "{id} 是循环里步骤的 id：把每次不同的部分放进去，例如 f'{name}-{{index}}'",
    "{id} is the id of two steps: give each its own, or a replay may mix them up": (
        "{id} 被两个步骤用作 id：各用各的，否则重放可能弄混"
    ),
    # migrate
    "pip install libcst, then inngest-dev migrate {words}": (
        "先 pip install libcst，再 inngest-dev migrate {words}"
    ),
    "inngest-dev migrate needs libcst: {how}": "inngest-dev migrate 需要 libcst：{how}",
    "{name} gets {context}": "给 {name} 传 {context}",
    "{name} takes ctx today: hand it the context": "{name} 现在接收 ctx：把上下文传给它",
    "{name} gets no step": "不再给 {name} 传 step",
    (
        "{said}. The SDK itself reads INNGEST_BASE_URL for both, and INNGEST_DEV for the "
        "mode, unless is_production is given: drop the arguments that these can replace"
    ): (
        "{said}。SDK 自己会读 INNGEST_BASE_URL（两者都用它），没有 is_production 时还会读"
        " INNGEST_DEV 决定模式：能被它们代替的参数就删掉"
    ),
    "api_base_url is {code} now too": "api_base_url 现在也是 {code}",
    "event_api_base_url, {code}, is for events: functions register elsewhere": (
        "event_api_base_url（{code}）只管事件：函数注册到别处"
    ),
    "api_base_url is event_api_base_url: functions register where events go": (
        "api_base_url 与 event_api_base_url 相同：函数注册到事件去的地方"
    ),
    "is nested too deep to be parsed: left as it is": "嵌套太深，无法解析：保持原样",
    "hint: {message}": "提示：{message}",
    "would not parse once it is rewritten: left as it is": "改写之后无法解析：保持原样",
    "does not parse: left as it is": "无法解析：保持原样",
    "{looked_at} Python files looked at, {changed} files changed.": (
        "检查了 {looked_at} 个 Python 文件，改了 {changed} 个文件。"
    ),
    "{looked_at} Python files looked at, {changed} files would change.": (
        "检查了 {looked_at} 个 Python 文件，会改 {changed} 个文件。"
    ),
    "inngest-dev migrate: {path} does not exist": "inngest-dev migrate：{path} 不存在",
    "would be changed, but is {encoding}: save it as UTF-8 and run again": (
        "需要修改，但编码是 {encoding}：存成 UTF-8 再运行一次"
    ),
    (
        "inngest-dev migrate: {names} would be changed and has changes that git does not "
        "have: commit them, or add --force"
    ): ("inngest-dev migrate：{names} 需要修改，但有 git 里没有的改动：先提交，或加 --force"),
    "leads out of the folder by a symbolic link: left as it is": "符号链接指向文件夹之外：保持原样",
    "For you to decide:": "由你决定：",
    "Without a step, so that a retry repeats all of it:": "没有步骤，重试时会全部重做：",
    "Nothing is written yet: --write writes it.": "还没有写入：--write 才写入。",
    (
        "host 0.0.0.0 shows the Dev Server, which asks for no password, to the whole "
        "network: 127.0.0.1"
    ): "host 0.0.0.0 会把不需要密码的 Dev Server 暴露给整个网络：用 127.0.0.1",
    (
        "{path} has no key in this file: set the environment's LOG_LEVEL={value}, or "
        "--log-level {value}"
    ): ("这个文件里没有 {path} 对应的键：设环境变量 LOG_LEVEL={value}，或用 --log-level {value}"),
    "has the keys that the CLI reads": "改成 CLI 能读的键",
    (
        "{path} is no address of PostgreSQL ({kind}), the one database besides SQLite in "
        "sqlite-dir: left out"
    ): ("{path} 不是 PostgreSQL 的地址（{kind}），而除了 sqlite-dir 里的 SQLite 只支持它：已去掉"),
    "is not JSON: {error}": "不是 JSON：{error}",
    "{path}: {shown} is read by nothing: left out": "{path}: {shown} 没有程序会读：已去掉",
    "{path}: {shown} is too few connections, the server wants 2: left out": (
        "{path}: {shown} 连接数太少，服务器至少要 2 个：已去掉"
    ),
    (
        "@{name} makes an object of the async handler, which the SDK calls as a sync one: "
        "its output cannot be serialized"
    ): "@{name} 把异步处理函数变成了对象，SDK 会按同步函数调用：输出无法序列化",
    (
        "{function} has to take ctx and pass it on, but @{decorator} is used elsewhere too "
        "({place}): decide there"
    ): ("{function} 应该接收 ctx 并传下去，但 @{decorator} 还用在别处（{place}）：请在那里决定"),
    (
        "{function} takes {parameter} as an event, but the SDK hands over the context: take "
        "ctx, read ctx.event, pass ctx on"
    ): (
        "{function} 把 {parameter} 当作事件，而 SDK 传来的是上下文：接收 ctx，读 "
        "ctx.event，把 ctx 传下去"
    ),
    "{call} hands on the event, but handlers take the context: hand on {context}": (
        "{call} 传的是事件，而处理函数接收上下文：改传 {context}"
    ),
    (
        "@{name} wraps a sync handler in an async def, which the SDK calls as an async one: "
        "make {handler} an async def"
    ): ("@{name} 用 async def 包住同步处理函数，SDK 会按异步函数调用：把 {handler} 改成 async def"),
    (
        "@{name} wraps an async handler in a def: the SDK calls it as a sync one and cannot "
        "serialize its output; make {inner} an async def that awaits"
    ): (
        "@{name} 用 def 包住异步处理函数：SDK 会按同步函数调用，输出无法序列化；把 "
        "{inner} 改成会 await 的 async def"
    ),
    "{function} takes nothing by position, but the SDK hands over ctx so: take ctx": (
        "{function} 不接收位置参数，而 SDK 按位置传 ctx：请接收 ctx"
    ),
    (
        "{call} hands the event to handlers that take ctx, but @{decorator} is used "
        "elsewhere too ({place}): decide there"
    ): (
        "{call} 把事件传给接收 ctx 的处理函数，但 @{decorator} 还用在别处（{place}）：请在那里决定"
    ),
    "{decorator} hands on {context}, not its event": (
        "{decorator} 传下去的是 {context}，不是它的事件"
    ),
    "@{name} catches what its handlers raise, and so ends their retries: raise it again": (
        "@{name} 捕获了处理函数抛出的错误，于是不再重试：请再抛出"
    ),
    "cannot be read: {reason}": "无法读取：{reason}",
    "its coding line names no encoding: {encoding}": "编码声明里的不是编码：{encoding}",
    (
        "is not {encoding} (byte {byte}): save it as UTF-8, or name its encoding in the first line"
    ): "不是 {encoding}（第 {byte} 个字节）：存成 UTF-8，或在第一行写明编码",
    "its encoding {encoding} cannot hold the new text": "它的编码 {encoding} 存不下新内容",
    "is read-only: left as it is": "只读：保持原样",
    "cannot be written: {reason}: left as it is": "无法写入：{reason}：保持原样",
    "changed while it was looked at: left as it is, run again": (
        "处理期间被改动：保持原样，请再运行一次"
    ),
    "fn_id=... and the options are arguments of client.create_function": (
        "fn_id=... 和各选项现在是 client.create_function 的参数"
    ),
    (
        "on_failure and its handler are both async or both not, or the SDK refuses the "
        "function: make {name} a {right}"
    ): (
        "on_failure 和处理函数必须同为异步或同为同步，否则 SDK 拒绝这个函数：把 {name} 改成 {right}"
    ),
    (
        "step.run takes no {names}=: give it by position, or functools.partial(f, {names}=...)"
    ): "step.run 不接收 {names}=：按位置传，或用 functools.partial(f, {names}=...)",
    (
        "{name} is async and never awaited in a sync handler, so that its output cannot be "
        "serialized: make the handler async"
    ): ("{name} 是异步的，在同步处理函数里不会被 await，输出无法序列化：把处理函数改成异步"),
    (
        "the SDK has no create_function of its own: client.create_function(fn_id=..., "
        "trigger=...), and a handler that takes ctx"
    ): (
        "SDK 本身没有 create_function：用 client.create_function(fn_id=..., trigger=...)"
        "，处理函数接收 ctx"
    ),
    "inngest 0.5 has no {name}": "inngest 0.5 没有 {name}",
    "{name} is gone: {instead}": "{name} 已经没有了：{instead}",
    (
        "@{name} stands above create_function and gets an inngest.Function, which cannot be "
        "called: move it below"
    ): "@{name} 在 create_function 上面，拿到的是不能调用的 inngest.Function：移到下面",
    (
        "{name} is decorated inside a class, so that the SDK can never call it: create the "
        "function from a bound method, client.create_function(...)(flow.{name})"
    ): (
        "{name} 是在类里装饰的，SDK 永远无法调用：用绑定方法创建函数，"
        "client.create_function(...)(flow.{name})"
    ),
    "a lambda as handler gets ctx alone: make it a function of one parameter": (
        "用作处理函数的 lambda 只会收到 ctx：改成只有一个参数的函数"
    ),
    (
        "{handler} takes {names} by keyword, but the SDK hands over ctx alone, by position: "
        "write {handler}(ctx) by hand"
    ): "{handler} 按关键字接收 {names}，而 SDK 只按位置传 ctx：请手动改成 {handler}(ctx)",
    (
        "{handler} takes {names} besides ctx, which the SDK does not hand over: read it from "
        "ctx.event.data"
    ): "{handler} 除了 ctx 还接收 {names}，SDK 不会传：从 ctx.event.data 读取",
    "{handler} is annotated {wanted}": "{handler} 的注解改为 {wanted}",
    "{handler} takes no step: {context}.step": "{handler} 不再接收 step：用 {context}.step",
    "{code} is not handed over any more: the step is {star}[0].step": (
        "{code} 不会再传来：步骤是 {star}[0].step"
    ),
    "{code} is empty: the SDK hands over ctx alone, by position; read {what}": (
        "{code} 是空的：SDK 只按位置传 ctx；请读 {what}"
    ),
    "{handler} takes {context}, its event is {context}.event": (
        "{handler} 接收 {context}，事件是 {context}.event"
    ),
    "{name} is an inngest.Event and no dict: {name}.data, {name}.name": (
        "{name} 是 inngest.Event，不是字典：{name}.data、{name}.name"
    ),
    "{code} is the context, not the event: read {code}.event": (
        "{code} 是上下文，不是事件：读 {code}.event"
    ),
    "{handler} takes {context}": "{handler} 接收 {context}",
    "imports no {name}": "不再导入 {name}",
    "imports {name}": "导入 {name}",
    (
        "{name} is the client of {module} now, whose settings come from the environment: "
        "INNGEST_APP_ID has to be {id} there, or the server takes every function for a new "
        "one"
    ): (
        "{name} 现在是 {module} 的客户端，它的配置来自环境变量：那里的 INNGEST_APP_ID 必"
        "须是 {id}，否则服务器会把每个函数都当成新的"
    ),
    "{module} has a client of its own: hand that on from here, with what this has": (
        "{module} 有自己的客户端：从这里转交它，并补上这里的配置"
    ),
    "{name} is the client of {module}": "{name} 是 {module} 的客户端",
    "one of {count} clients: functions of {module}'s are served": (
        "{count} 个客户端之一：只有 {module} 的函数会被提供"
    ),
    "what it was": "原来的值",
    (
        "a client has no {method} with these arguments: {new}(inngest.Event(name=..., data=...))"
    ): "客户端没有这种参数的 {method}：用 {new}(inngest.Event(name=..., data=...))",
    "{method} is {new}": "{method} 改为 {new}",
    "if {name} is an Inngest client, this is {name}.{method}(event)": (
        "如果 {name} 是 Inngest 客户端，这里应是 {name}.{method}(event)"
    ),
    "install_inngest would serve {names} too: decide, then put it in place of this": (
        "install_inngest 还会提供 {names}：先决定，再用它代替这里"
    ),
    "{module} serves the functions, wherever they are": "由 {module} 提供函数，不管它们在哪里",
    "{name} is given to no serve, so that the server never calls it": (
        "没有任何 serve 提供 {name}，服务器永远不会调用它"
    ),
    "serve adds its routes itself: not mounted": "serve 会自己加路由：不再 mount",
    "serve gets its {count} functions": "给 serve 传它的 {count} 个函数",
    "{line} serves functions with guards: see its README": (
        "{line} 提供函数时带有防护：见它的 README"
    ),
    "serve needs the list of functions as its third argument, and none is imported here": (
        "serve 的第三个参数要函数列表，而这里一个都没有导入"
    ),
    (
        "serve adds its routes to the app itself and returns None: call it on a line of its own"
    ): "serve 会自己给应用加路由并返回 None：单独写一行调用",
    "the SDK reads INNGEST_BASE_URL, for events and registering alike": (
        "SDK 读 INNGEST_BASE_URL，发事件和注册都用它"
    ),
    "the SDK reads INNGEST_DEV: 1 while developing, unset in production": (
        "SDK 读 INNGEST_DEV：开发时为 1，生产环境不设"
    ),
    "the SDK reads INNGEST_API_BASE_URL": "SDK 读 INNGEST_API_BASE_URL",
    "the CLI reads LOG_LEVEL": "CLI 读 LOG_LEVEL",
    "it went with SDK 0.5.19": "SDK 0.5.19 起已取消",
    "the Dev Server listens there": "Dev Server 会在那里监听",
    "the CLI reads its settings from there": "CLI 会从那里读配置",
    "the Dev Server looks for an app there": "Dev Server 会到那里找应用",
    (
        "0.0.0.0 shows the Dev Server, which asks for no password, to the whole network: "
        "--host 127.0.0.1"
    ): "0.0.0.0 会把不需要密码的 Dev Server 暴露给整个网络：用 --host 127.0.0.1",
    "{name} is read by nothing but your own code: {instead}": (
        "{name} 只有你自己的代码会读：{instead}"
    ),
    "_dashboard is no page: the Dev Server's is at /": (
        "没有 _dashboard 这个页面：Dev Server 的页面在 /"
    ),
    "this code runs on inngest>=0.5.19,<0.6: raise the pin": (
        "这些代码要求 inngest>=0.5.19,<0.6：请提高版本限制"
    ),
    "{name} moves the CLI as well, in whose environment it is: {why}; rename it": (
        "{name} 也会影响同一环境里的 CLI：{why}；请改名"
    ),
    "{name} is empty, which is not the same as unset: comment it out": (
        "{name} 是空的，这和没有设置不一样：注释掉它"
    ),
    "INNGEST_DEV={value} turns the dev mode on: 0, or unset": (
        "INNGEST_DEV={value} 会打开开发模式：改成 0，或不设"
    ),
    "there is no ctx here: take step as a parameter, and let the handler pass ctx.step": (
        "这里没有 ctx：把 step 作为参数，让处理函数传 ctx.step"
    ),
    "{code} is {context}.step": "{code} 改为 {context}.step",
    "{what} is not there any more, and {how}": "{what} 已经没有了，{how}",
    "step.parallel is {context}.group.parallel": "step.parallel 改为 {context}.group.parallel",
    "{code} is not there: None": "{code} 不存在：改为 None",
    "{code} is ctx.group.parallel today: pass ctx on to here": (
        "{code} 现在是 ctx.group.parallel：把 ctx 传到这里"
    ),
    "step is defined nowhere, and {how}": "step 没有定义，{how}",
    "step is {context}.step": "step 改为 {context}.step",
    "Trigger is {name}": "Trigger 改为 {name}",
    "the trigger is {name}": "触发器改为 {name}",
    "a trigger is TriggerEvent(event=...) or TriggerCron(cron=...) today": (
        "触发器现在是 TriggerEvent(event=...) 或 TriggerCron(cron=...)"
    ),
    # tests
    "run against a real Inngest Dev Server": "对着真正的 Inngest Dev Server 运行",
    "run this project's Inngest functions in its tests": "在测试里运行这个项目的 Inngest 函数",
    "waits longer than a test can; skipped with --inngest-dev-server": (
        "要等的时间太长，测试里等不起；使用 --inngest-dev-server 时跳过"
    ),
    "needs what only a real Dev Server does; skipped without --inngest-dev-server": (
        "需要只有真正的 Dev Server 才有的行为；不用 --inngest-dev-server 时跳过"
    ),
    "it waits longer than a test can": "要等的时间太长，测试里等不起",
    "it needs a real Dev Server: run pytest with {option}": (
        "需要真正的 Dev Server：运行 pytest 时请加上 {option}"
    ),
    "This fixture runs the project's app: write `{line} = true` into pytest's settings.": (
        "这个 fixture 会运行项目的应用：请在 pytest 的配置里写上 `{line} = true`。"
    ),
    "There is no Inngest CLI: run `inngest-dev install` first.": (
        "没有 Inngest CLI：请先运行 `inngest-dev install`。"
    ),
    "No setting is called {name}: there are {known}.": "没有名为 {name} 的配置项，现有：{known}。",
    "There is no function {id}: there are {known}.": "没有函数 {id}，现有：{known}。",
    "{name} started {count} runs: {functions}": "{name} 启动了 {count} 次运行：{functions}",
    "It did not become true. Runs: {runs}": "条件一直没有成立。运行：{runs}",
    "Runs did not end within {seconds:.0f} s: {runs}": (
        "有运行在 {seconds:.0f} 秒内没有结束：{runs}"
    ),
    "These runs wait for what never comes: {runs}": "这些运行在等待永远不会发生的事：{runs}",
    "More than {calls} calls in one test: do functions start each other without end, or has a cron"
    " fired that often?": (
        "一个测试里的调用超过了 {calls} 次：是函数在无休止地互相触发，还是定时任务触发了这么多次？"
    ),
    "The Dev Server gave no answer.": "Dev Server 没有响应。",
    "{program} did not start:": "{program} 没有启动：",
    "{what}: the stand-in does not imitate this. Run the test with `pytest --inngest-dev-server`,"
    " and mark it with `real_server` if it needs that.": (
        "{what}：替身服务器不模拟这一点。请用 `pytest --inngest-dev-server` 运行这个测试；"
        "如果它离不开真正的服务器，请标上 `real_server`。"
    ),
    "{what} works in virtual time alone: mark the test with `virtual_time`.": (
        "{what} 只能在虚拟时间里使用：请给这个测试标上 `virtual_time`。"
    ),
}
