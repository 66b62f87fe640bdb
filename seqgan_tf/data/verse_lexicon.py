"""Lexicon of the verse corpus: the phrases by category, and the reading of every character.

It was written for this corpus. Some categories are used only in lines 2 and 4. Their phrases have
only tones that fit there: no head is oblique then level, and no tail ends on an oblique tone.

`READINGS` is laid out like a rhyme book: each syllable in pinyin with its tone (1 to 4; `v` is ü),
then the characters that are read so. Readings are modern standard Mandarin without sandhi (不 is
bu4). Some characters have several readings in the language (长, 行, 更, 还, 数, 空 and others). Each
has one here, and no phrase uses another one, so characters alone decide tone and rhyme.
"""

PHRASES = {
    # An hour or a turn of the weather.
    'time': """
        日暮 薄暮 夜半 月落 今夜 静夜 永夜 长夜 雨过 客去 人静 子夜 向晚 傍晚 破晓 风定 中宵 今宵 深宵 平明 天明
        夜来 晚来 晓来 夜深 夜阑 更深 更残 漏残 雨余 灯残 天寒 夜寒 残更 初更 日斜 日西 潮平 云开 烟消 雨晴 雨收
        雾散 酒阑
    """,
    # A place, mostly with a locative.
    'place': """
        江上 山下 林下 村外 城外 门外 窗外 溪上 湖上 池上 桥上 岸上 岭上 竹外 松下 柳下 篱下 古寺 古渡 野渡 亭下
        山中 林间 江边 溪边 溪头 江头 湖边 池边 窗前 门前 庭前 阶前 楼头 楼前 城头 城边 村边 村头 桥边 桥头 渡头
        矶头 山前 山头 岩前 天边 天涯 水边 竹间 松间 柳边 篱边 檐前 沙边 汀洲 小园 空庭 深山 荒村 寒江 帘前 关山
        边城 江南 堤边 寺前
    """,
    # A light, wind, rain, cloud or sound: what can drift.
    'sky': """
        明月 残月 孤月 新月 落月 冷月 山月 江月 海月 寒月 清风 山风 松风 江风 凉风 微风 天风 长风 溪风 疏雨 细雨
        微雨 山雨 夜雨 江雨 寒雨 烟雨 闲云 孤云 浮云 白云 归云 轻云 轻烟 寒烟 炊烟 薄雾 山雾 江雾 寒星 疏星 疏钟
        清光 寒光 冷雨 好雨 夜色 秋色 凉露 夜月 淡月 秋风 秋雨 秋月 秋云 飞云 山云 江云 江烟 山烟
    """,
    # A bird.
    'bird': """
        归鸟 飞鸟 孤鸟 宿鸟 野鸟 山鸟 水鸟 倦鸟 白鸟 沙鸟 好鸟 白鹭 野鹭 孤鹭 双鹭 飞鹭 孤雁 旅雁 归雁 寒雁 征雁
        过雁 断雁 双燕 归燕 海燕 孤鹤 野鹤 老鹤 白鹤 黄鹤 黄莺 流莺 寒鸦 归鸦 沙鸥 白鸥 江鸥 闲鸥 轻鸥 群鸥 孤鸿
        归鸿 征鸿 飞鸿 山禽 幽禽
    """,
    # A flower, tree or herb.
    'plant': """
        梅花 芦花 荷花 黄花 山花 残花 幽花 繁花 杨花 垂杨 垂柳 疏柳 岸柳 细柳 烟柳 绿柳 衰柳 高柳 疏竹 青松 孤松
        苍松 长松 寒梅 红梅 江梅 新荷 残荷 红叶 黄叶 霜叶 落叶 碧草 芳草 野草 细草 衰草 青草 古木 老树 古树 高树
        绿树 烟树 浮萍
    """,
    # A person.
    'person': """
        游子 旅客 孤客 行客 远客 倦客 醉客 过客 隐士 居士 道士 樵子 舟子 野老 村老 故友 老友 好友 旧友 道友 钓叟
        野叟 故人 行人 征人 归人 旅人 离人 山人 诗人 幽人 渔人 樵人 游人 高人 道人 野人 渔翁 老翁 山翁 村翁 樵翁
        钓翁 衰翁 山僧 老僧 高僧 野僧 孤僧 游僧 归僧 樵夫 渔夫 书生 词人
    """,
    # How, where or when the speaker of the close stands.
    'muse': """
        独坐 独立 独自 静坐 默坐 默默 闲坐 远望 北望 四望 回望 凝望 相对 对酒 对影 对月 倚杖 回首 搔首 怀旧 怀古
        感旧 无语 不语 遥忆 遥想 暗想 岁岁 夜夜 日日 万里 客里 醉里 灯下 客路 此地 独行 独吟 闲吟 闲来 长歌 长吟
        长思 悲歌 高歌 狂歌 沉吟 低吟 低头 回头 搔头 登楼 登高 登临 凭栏 凭高 临风 临流 临江 推窗 停杯 停舟 停车
        衔杯 倾杯 含情 含愁 含悲 伤心 无言 年年 他乡 愁中 怀人
    """,
    # A whole clause: what is to be seen or heard.
    'scene': """
        钟声远 钟声断 歌声断 潮声近 松声满 松风冷 泉声细 砧声起 琴声远 虫声断 鸦声乱 人烟少 波光冷 湖光静 灯光冷
        炊烟起 孤帆远 轻云散 浮云散 寒烟起 繁星落 疏钟动 残灯灭 幽香满 花枝动 苔痕绿 青山静 千山静 群山静 柴门静
        珠帘动 凉风起 微风动 星河淡 江声远 沙鸥起 风正紧 风细细 风不定 云漠漠 烟漠漠 山寂寂 山色好 人迹少 人语静
        人已散 花弄影 花满树 花正好 香未散 星满野 灯影乱 灯欲尽 鸦满树 松影静 松影碎 泉水冷 流水响 苔色碧 帆影远
        烟树远 渔火小 渔火远 更鼓断 钟磬响 潮未落 波浪静 清露冷 凉意满 疏雨过 疏影动 萤火乱 数里花 露似珠 鸟影孤
        月影移 露满衣 树影移 鸟自啼 月色微 细雨飞 月渐高 月满楼 野径幽 碧水流 月满山 月满船 月影寒 雨似烟 水似烟
        古木寒 碧水寒 草色深 柳色新 柳影深 水绕村 野色深 万籁沉 绿树深 月满窗 雨满江 水气凉 古道荒 细草香 月满庭
        月似冰 雨意浓 草色青 鸟自鸣 鸟语轻 万籁空 万点星 数点灯 点点星 细浪生 淡月明 数枝花 雁声孤 暗香浮 淡烟浮
        露沾衣 柳依依 野云低 雁声哀 柳丝垂 野云飞 淡云飞 鸟归巢 数声箫 月当楼 雨初收 鸟声幽 月光寒 雨声残 露珠圆
        水如天 草连天 树含烟 雁声寒 半江烟 月痕新 树阴深 远钟沉 四山云 雾茫茫 水流长 树苍苍 落花香 月如冰 雨初晴
        露华浓 草青青 野烟生 远山横 远烟平 乱虫鸣 万山空 四山青 绿波平
    """,
    # Predicate of a `sky` phrase.
    'drift': """
        落浅沙 渡浅沙 满酒壶 到草庐 下钓矶 满客衣 落钓矶 渡浅溪 入梦来 绕古台 落钓台 落古台 过翠微 上翠微 满翠微
        送客归 落酒杯 落翠微 过断桥 过树梢 入画楼 入小楼 上钓舟 满画楼 伴客愁 伴钓舟 绕画楼 落远洲 上钓船 满客船
        满故园 伴客眠 到小园 动客心 伴夜吟 伴苦吟 入小窗 过短墙 满故乡 绕画堂 落草堂 渡野塘 过野亭 满古城 伴客行
        伴老僧 绕小亭 绕废城 入芦花 过渔家 过寒沙 满庭花 满渔家 到山家 落寒沙 落江湖 过平湖 满平芜 到吾庐 上花枝
        满清溪 动乡思 绕花枝 落花枝 入君怀 上高台 上苍苔 下瑶台 满苍苔 绕荒台 入柴扉 入空杯 过溪桥 过松梢 上林梢
        入空楼 入江楼 过墙头 上江楼 满孤舟 满沧洲 动乡愁 送归舟 伴渔舟 下前川 下空山 满关山 满前川 送归船 到江南
        到窗前 入柴门 入松林 入江村 满千林 满孤村 动乡心 送归人 伴孤吟 伴归人 绕江村 落金樽 入纱窗 上东窗 落寒江
        入孤城 入琴声 过中庭 过山亭 满边城 伴孤灯
    """,
    # Predicate of a `bird` phrase.
    'flight': """
        下浅沙 下远沙 宿断崖 宿小湖 宿野芦 向客啼 向晚啼 恋旧枝 绕树啼 绕故枝 破雾来 度水来 绕废台 立废台 带雨飞
        破雾飞 向北飞 带露飞 趁晚归 带月归 入翠微 绕树飞 立断桥 返旧巢 返故巢 下绿洲 下晚洲 过小楼 过画楼 入野烟
        入远烟 入乱山 入远山 入碧天 立钓船 入冷云 入碧云 宿柳阴 恋旧林 下绿塘 宿野塘 下绿汀 下晚汀 宿古松 下平沙
        下寒沙 宿寒沙 宿平沙 落平沙 返江湖 下平芜 绕枝啼 绕城啼 向人啼 对人啼 立渔矶 恋寒枝 过高台 下荒台 入云飞
        向西飞 傍船飞 傍花飞 绕船飞 入云霄 上云霄 恋空巢 度江潮 趁江潮 下沙洲 宿芦洲 立渔舟 落汀洲 入苍烟 入空山
        过千山 叫天边 叫江边 入青云 入寒云 宿空林 恋空林 返空林 叫寒云 不惊人 不离群 入苍茫 下横塘 下沧江 度寒江
        下寒汀 下芦汀 度边城 宿沙汀 立西风 带寒声
    """,
    # Predicate of a `plant` phrase.
    'bloom': """
        傍酒家 傍水涯 绕酒家 绕草庐 映浅溪 映小池 傍小溪 傍短篱 满旧溪 绕废池 掩故居 掩旧居 映古台 映酒杯 带雨垂
        绕野扉 掩草扉 映小桥 傍小桥 满野桥 映钓舟 满小洲 满绿洲 近酒楼 倚小楼 映远山 映画船 满小园 满旧园 带暮烟
        近水边 自不言 带雨新 近水村 自有心 映小窗 映野塘 映草堂 傍野塘 傍短墙 倚断墙 弄月光 护小窗 护草堂 近小亭
        倚晚风 弄晚晴 映窗纱 映人家 傍山家 倚山崖 近渔家 绕吾庐 映前溪 映征衣 傍清溪 傍东篱 满长堤 满平堤 近清池
        护疏篱 覆清溪 向人低 映瑶台 满荒台 覆苍苔 映柴扉 护柴扉 向人垂 傍江桥 自飘摇 映江楼 傍行舟 倚墙头 满江头
        满桥头 向人愁 映清泉 映江天 映溪山 傍岩泉 倚窗前 带轻烟 带寒烟 带轻寒 满江边 满阶前 满荒园 锁空园 映柴门
        傍柴门 倚云根 掩山门 自纷纷 傍宫墙 带清霜 为谁香 傍孤城 傍溪亭 倚清风 带微风 满沙汀 满荒城 锁空庭 舞西风
        自含情
    """,
    # Predicate of a `person` phrase.
    'act': """
        归来晚 归舟晚 行吟久 行舟远 乘潮去 乘闲至 登楼望 登临久 凭栏望 临风立 临窗坐 沿江去 寻芳去 寻诗去 寻僧去
        听松坐 听琴坐 听山雨 闻钟起 观云坐 吟诗罢 题诗罢 谈诗久 参禅坐 焚香罢 弹琴罢 携琴至 携书坐 扶筇立 披衣坐
        停杯问 停舟望 停琴坐 推门望 开门望 灯前语 林间卧 松根坐 山中住 江边立 矶头钓 楼头望 他乡老 江湖老 离家久
        辞家久 还家晚 思家苦 无归路 无言立 心无事 身无事 垂纶坐 收纶去 穿云去 移灯坐 归去晚 归路远 归计晚 归棹晚
        吟旧句 吟望久 寻旧路 寻旧迹 寻旧隐 寻古迹 听夜雨 听暮雨 听鸟语 听晚磬 观野水 登远岭 临水坐 临水立 临古渡
        弹古调 思旧友 思往事 携酒至 携杖去 眠未起 相对语 相送远 相见晚 心不定 心自静 谈旧事 谈往事 行路远 行渐远
        经古道 辞故土 离故土 多旧梦 多古意 停钓艇 停短棹 摇短棹 依古木 依野寺 开小径 垂钓罢 垂钓久 闲钓罢 愁未散
        愁夜永 愁客路 惊岁晚 怜草色 扶醉去 扶杖望 题旧句
    """,
    # Predicate of the unnamed speaker.
    'feeling': """
        问酒家 问落花 恨落花 感岁华 忘岁华 又忆家 不见家 未有涯 负岁华 望帝都 意自如 爱草庐 望故都 泪满衣 鬓似丝
        叹鬓丝 写旧诗 笑我痴 忘世机 不忍离 未可知 共此时 望雁来 待客来 望雁归 恨不归 泪暗垂 泪欲垂 羡雁归 羡燕归
        醉不归 不忍归 未忍归 有梦归 几度回 又几回 尽此杯 恨未消 伴寂寥 叹路遥 尽此宵 忆旧游 念旧游 恨未休 泪暗流
        泪欲流 寄旧游 慰客愁 羡野鸥 赋旧游 话旧游 几度秋 又几秋 忆旧山 望故园 望远山 梦故园 泪未干 泪似泉 夜未眠
        夜已阑 寄故园 叹暮年 恋故山 话故园 自忘言 不肯眠 几度寒 忆故人 忆旧人 待故人 问路人 念故人 泪满襟 夜已深
        寄故人 寄此心 慰此心 叹此身 话故人 叹世人 远世尘 忘此身 欲断魂 正忆君 不忍闻 不可寻 未见君 几度春 共此心
        尽此樽 忆远方 望洛阳 望帝乡 梦故乡 梦洛阳 鬓已霜 鬓渐霜 夜正长 寄远方 叹路长 话故乡 欲断肠 正断肠 望帝京
        待晓钟 怨远行 恨未平 意不平 意自清 梦未成 梦自轻 寄此生 慰旅情 羡钓翁 醉晚风 话旧情 叹世情 忘世情 共此情
        忆京华 忆梅花 梦还家 梦天涯 望京华 感年华 叹年华 最思家 又思家 未归家 问渔家 泪如珠 老江湖 恨无书 爱吾庐
        忆归期 问归期 恨归迟 泪沾衣 鬓如丝 寄相思 怨离居 赋新词 赋闲居 最相思 与君期 几人知 怨别离 叹别离 泪湿衣
        盼君来 盼人来 待人来 暗伤怀 最伤怀 久徘徊 且徘徊 几时来 有谁来 有余哀 待君归 泪双垂 又思归 不能归 不如归
        且倾杯 共衔杯 共谁归 几时回 几人归 意飘飘 话渔樵 老渔樵 忆前游 忆同游 恨悠悠 泪空流 泪难收 羡沙鸥 羡闲鸥
        不知愁 共谁游 与君游 几多愁 几经秋 忆长安 忆华年 梦江南 梦家山 梦关山 望归帆 望家山 叹流年 意悠然 夜难眠
        夜无眠 寄书难 怨流年 不知寒 自悠然 尽余欢 共谁欢 与谁言 几人还 向谁言 问苍天 寄平安 忆家人 望归人 泪沾襟
        泪沾巾 梦难寻 梦无痕 羡闲云 笑痴人 又思君 老风尘 泪湿巾 忆江乡 鬓成霜 断人肠 断愁肠 未还乡 忆西风 叹浮生
        叹飘零 意难平 梦难成 梦成空 羡渔翁 羡归鸿 话离情 暗伤情 最关情 与谁同 与君同 几人同 有谁同 有余情 问归程
    """,
}

READINGS = """
    ai1哀 ai4爱 an1安 an4岸暗 ba4罢 bai2白 ban4半伴 bang4傍 bei1杯悲 bei3北 bi4碧 bian1边 bie2别 bin4鬓 bing1冰
    bo1波 bo2薄 bu4不 can1参 can2残 cang1苍沧 cao3草 chai2柴 chan2禅 chang2长肠 chao2潮巢 che1车 chen2沉尘 chen4趁
    cheng2城乘成程 chi1痴 chi2池迟 chong2虫 chou2愁 chu1初 chuan1川穿 chuan2船 chuang1窗 chui1炊 chui2垂 chun1春
    ci2词辞 ci3此 cui4翠 cun1村 dai4带待 dan4淡 dang1当 dao4道到 deng1灯登 di1堤低 di4地帝 dian3点 diao4钓调 ding4定
    dong1东 dong4动 du1都 du2独 du4渡度 duan3短 duan4断 dui4对 duo1多 fan1帆 fan2繁 fan3返 fang1芳方 fei1飞扉 fei4废
    fen1纷 fen2焚 feng1风 fu1夫 fu2浮扶 fu4覆负赋 gan1干 gan3感 gao1高 ge1歌 gen1根 geng1更 gong1宫 gong4共 gu1孤
    gu3古鼓 gu4故 guan1关观 guang1光 gui1归 guo4过 hai3海 han2寒含 hao3好 he2河荷 he4鹤 hen2痕 hen4恨 heng2横
    hong2鸿红 hu2湖壶 hu4护 hua1花 hua2华 hua4画话 huai2怀徊 huan1欢 huan2还 huang1荒 huang2黄 hui2回 hun2魂 huo3火
    ji1矶机 ji3几 ji4寂迹计寄 jia1家 jian1间 jian4渐见 jiang1江 jiao4叫 jie1阶 jin1今金襟巾 jin3紧 jin4近尽
    jing1惊经京 jing4静径 jiu3酒久 jiu4旧 ju1居 ju4句 juan4倦 jun1君 kai1开 ke3可 ke4客 ken3肯 kong1空 ku3苦
    kuang2狂 lai2来 lai4籁 lan2阑栏 lang4浪 lao3老 lei4泪 leng3冷 li2篱离 li3里 li4立 lian2帘连怜 lian4恋 liang2凉
    liao2寥 lin2林临 ling2零 ling3岭 liu2流 liu3柳 lou2楼 lou4漏 lu2庐芦 lu4露鹭路 luan4乱 lun2纶 luo4落洛 lv3旅
    lv4绿 man3满 mang2茫 mei2梅 men2门 meng4梦 mian2眠 mie4灭 ming2明鸣 mo4漠默 mu4暮木 nan2南难 neng2能 nian2年
    nian4念 niao3鸟 ning2凝 nong2浓 nong4弄 ou1鸥 pai2徘 pan4盼 pi1披 piao1飘 ping2平萍凭 po4破 qi1期 qi3起 qi4气
    qian1千 qian2前 qian3浅 qiang2墙 qiao2桥樵 qie3且 qin2琴禽 qing1轻青清倾 qing2晴情 qing4磬 qiong2筇 qiu1秋 qu4去
    quan2泉 qun2群 ran2然 rao4绕 ren2人 ren3忍 ri4日 ru2如 ru4入 san4散 sao1搔 se4色 seng1僧 sha1沙纱 shan1山
    shang1伤 shang4上 shao1梢 shao3少 shen1深身 sheng1声生 shi1诗湿 shi2时 shi4士事世 shou1收 shou3首 shu1疏书
    shu4树数 shuai1衰 shuang1双霜 shui2谁 shui3水 si1丝思 si4寺似四 song1松 song4送 sou3叟 su4宿 sui4碎岁 suo3锁
    ta1他 tai2苔台 tan2谈弹 tan4叹 tang2堂塘 ti2啼题 tian1天 ting1汀听 ting2亭庭停 ting3艇 tong2同 tou2头 tu3土
    tui1推 wai4外 wan3晚 wan4万 wang3往 wang4望忘 wei1微 wei4未为慰 wen2闻 wen4问 weng1翁 wo3我 wo4卧 wu2芜吾无
    wu3舞 wu4雾 xi1西溪 xi4细 xia4下 xian2闲衔 xian4羡 xiang1香乡相 xiang3响想 xiang4向 xiao1宵消箫霄 xiao3晓小
    xiao4笑 xie2斜携 xie3写 xin1新心 xing1星 xing2行 xiu1休 xun2寻 ya1鸦 ya2涯崖 yan1烟 yan2岩檐言沿 yan3掩 yan4雁燕
    yang2杨阳 yao2瑶摇遥 ye3野 ye4夜叶 yi1衣依 yi2移 yi3已倚 yi4意忆 yin1阴 yin2吟 yin3隐 ying1莺 ying2萤 ying3影
    ying4映 yong3永 you1幽悠 you2游 you3有友 you4又 yu2余渔 yu3雨语与 yu4欲 yuan2园圆 yuan3远 yuan4怨 yue4月 yun2云
    zhan1沾 zhang4杖 zhao4棹 zhen1砧 zheng1征 zheng4正 zhi1枝知 zhi4至 zhong1中钟 zhou1洲舟 zhu1珠 zhu2竹 zhu4住
    zi3子 zi4自 zui4醉最 zun1樽 zuo4坐
"""
