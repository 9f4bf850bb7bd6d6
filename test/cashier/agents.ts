import type { Environment } from '#cashier/environment.ts';

const ios = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const android =
  'Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) AppleWebKit/537.36 (KHTML, like Gecko)';
const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)';

/** User agents as the apps and browsers send them, of several years and makers. */
export const agents: readonly (readonly [Environment, string])[] = [
  ['wechat', `${ios} Mobile/15E148 MicroMessenger/8.0.60(0x18003c2f) NetType/WIFI Language/zh_CN`],
  ['wechat', `${ios} Mobile/15E148 MicroMessenger/8.0.44(0x18002c2d) NetType/4G Language/en`],
  [
    'wechat',
    `${android} Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240404 MMWEBID/8190 MicroMessenger/8.0.49.2600(0x28003137) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64`,
  ],
  [
    'wechat',
    'Mozilla/5.0 (Linux; Android 7.1.1; MI 6 Build/NMF26X; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.132 MQQBrowser/6.2 TBS/043807 Mobile Safari/537.36 MicroMessenger/6.6.1.1220(0x26060135) NetType/4G Language/zh_CN',
  ],
  [
    'wechat',
    'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile MicroMessenger/8.0.10(0x18000a2b) NetType/WIFI Language/zh_CN',
  ],
  [
    'wechat_desktop',
    `${windows} Chrome/122.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF WindowsWechat(0x63090a13) XWEB/8555 Flue`,
  ],
  [
    'wechat_desktop',
    'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2785.116 Safari/537.36 QBCore/4.0.1301.400 QQBrowser/9.0.2524.400 Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2875.116 Safari/537.36 NetType/WIFI MicroMessenger/7.0.5 WindowsWechat',
  ],
  [
    'wechat_desktop',
    `${mac} Chrome/107.0.0.0 Safari/537.36 MicroMessenger/6.8.0(0x16080000) NetType/WIFI MiniProgramEnv/Mac MacWechat/WMPF MacWechat/3.8.7(0x13080712) XWEB/1191 Flue`,
  ],
  [
    'wechat_desktop',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_12_6) AppleWebKit/604.4.7 (KHTML, like Gecko) MicroMessenger/6.5.2.501 NetType/WIFI WindowsWechat QBCore/3.43.691.400 QQBrowser/9.0.2524.400',
  ],
  [
    'wechat_mini',
    `${ios} Mobile/15E148 MicroMessenger/8.0.50(0x18003237) NetType/WIFI Language/zh_CN miniProgram/wx1234567890abcdef`,
  ],
  [
    'wechat_mini',
    `${android} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240301 MicroMessenger/8.0.48.2580(0x28003036) WeChat/arm64 Weixin GPVersion/1 NetType/WIFI Language/zh_CN ABI/arm64 miniProgram/wxabcdef1234567890`,
  ],
  [
    'alipay',
    `${ios} Mobile/15E148 Ariver/1.1.0 AliApp(AP/10.6.10.6000) Nebula WK RVKType(0) AlipayDefined(nt:WIFI,ws:390|780|3.0) AlipayClient/10.6.10.6000 Language/zh-Hans Region/CN`,
  ],
  [
    'alipay',
    `${android} Version/4.0 Chrome/105.0.5195.148 MYWeb/0.11.0.240407141038 UWS/3.22.2.9999 UCBS/3.22.2.9999_220000000000 Mobile Safari/537.36 NebulaSDK/1.8.100112 Nebula AlipayDefined(nt:WIFI,ws:411|0|2.625) AliApp(AP/10.5.88.8000) AlipayClient/10.5.88.8000 Language/zh-Hans useStatusBar/true isConcaveScreen/true`,
  ],
  [
    'alipay',
    `${android} Version/4.0 UCBrowser/11.8.8.968 UWS/2.13.1.48 Mobile Safari/537.36 AliApp(AP/10.1.30.300) AlipayClient/10.1.30.300 Language/zh-Hans MiniProgram APXWebView`,
  ],
  ['alipay', `${ios} Mobile/15E148 Nebula AlipayIDE AliApp(AP/10.3.0) AlipayClient/10.3.0 Language/en`],
  [
    'unionpay',
    `${ios} Mobile/15E148/sa-sdk-ios (com.unionpay.chsp) (cordova 4.5.4) (updebug 0) (version 1011) (UnionPay/1.0 CloudPay)`,
  ],
  [
    'unionpay',
    `${android} Version/4.0 Chrome/109.0.5414.86 Mobile Safari/537.36 (com.unionpay.mobilepay) (cordova 7.0.0) (updebug 0) (clientVersion 311) (version 1011)(UnionPay/1.0 CloudPay)(language zh_CN)(languageFamily zh_CN)`,
  ],
  [
    'unionpay',
    `${android} Version/4.0 Chrome/96.0.4664.104 Mobile Safari/537.36 com.unionpay.tsmservice UPWallet/10.1.2`,
  ],
  ['bestpay', `${ios} Mobile/15E148 BestpayClient/12.6.0 Bestpay Language/zh-Hans`],
  ['bestpay', `${android} Version/4.0 Chrome/103.0.5060.129 Mobile Safari/537.36 Bestpay/10.96.50 h5container`],
  ['jd', `jdapp;iPhone;13.2.0;;;M/5.0;appBuild/169370;jdSupportDarkMode/0;${ios} Mobile/15E148;supportJDSHWK/1;`],
  ['jd', `jdapp;android;12.4.2;;;appBuild/98878;${android} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36`],
  [
    'jd',
    `${android} Version/4.0 Chrome/83.0.4103.106 Mobile Safari/537.36/application=JDJR-App&clientType=android&jdpay`,
  ],
  [
    'douyin',
    `${ios} Mobile/15E148 aweme_30.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/zh Region/CN AppTheme/light BytedanceWebview/d8a21c6`,
  ],
  [
    'douyin',
    `${android} Version/4.0 Chrome/110.0.5481.154 Mobile Safari/537.36 aweme.snssdk AppName/aweme app_version/29.8.0 BytedanceWebview/d8a21c6`,
  ],
  ['douyin', `${ios} Mobile/15E148 NewsArticle/9.8.2.30 JsSdk/2.0 NetType/WIFI (News 9.8.2 18.500000)`],
  [
    'douyin',
    `${android} Version/4.0 Chrome/75.0.3770.142 Mobile Safari/537.36 JsSdk/2 NewsArticle/8.8.5 NetType/wifi TTWebView/0751130025401`,
  ],
  ['phone', `${ios} Version/18.5 Mobile/15E148 Safari/604.1`],
  ['phone', `${ios} CriOS/137.0.7151.79 Mobile/15E148 Safari/604.1`],
  [
    'phone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1',
  ],
  [
    'phone',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36',
  ],
  [
    'phone',
    'Mozilla/5.0 (Linux; U; Android 14; zh-cn; 2211133C Build/UKQ1.230804.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/109.0.5414.118 Mobile Safari/537.36 XiaoMi/MiuiBrowser/18.7.40602',
  ],
  [
    'phone',
    'Mozilla/5.0 (Linux; U; Android 13; zh-CN; V2241A Build/TP1A.220624.014) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/16.6.2.1315 Mobile Safari/537.36',
  ],
  [
    'phone',
    'Mozilla/5.0 (Linux; U; Android 13; zh-cn; PGEM10 Build/TP1A.220905.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/114.0.5735.196 Mobile Safari/537.36 HeyTapBrowser/40.8.37.1',
  ],
  [
    'phone',
    'Mozilla/5.0 (Linux; Android 12; HarmonyOS; ALN-AL00; HMSCore 6.13.0.302) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36',
  ],
  [
    'phone',
    'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile',
  ],
  [
    'phone',
    `${ios} Mobile/15E148 QQ/9.1.5.620 V1_IPH_SQ_9.1.5_1_APP_A Pixel/1170 MiniAppEnable SimpleUISwitch/0 QQTheme/1000`,
  ],
  [
    'phone',
    `${android} Version/4.0 Chrome/109.0.5414.86 MQQBrowser/6.2 TBS/047613 Mobile Safari/537.36 V1_AND_SQ_9.0.8_5540_YYB_D QQ/9.0.8.14755 NetType/WIFI WebP/0.3.0`,
  ],
  [
    'phone',
    `${android} Version/4.0 Chrome/120.0.6099.193 Mobile Safari/537.36 AliApp(DingTalk/7.5.10) com.alibaba.android.rimet/30210115 Channel/227200 language/zh-CN`,
  ],
  ['phone', `${ios} Mobile/15E148 wxwork/4.1.28 MicroMessenger/7.0.1 Language/zh ColorScheme/Light`],
  [
    'phone',
    `${android} Version/4.0 Chrome/122.0.6261.120 Mobile Safari/537.36 Lark/7.20.5 LarkLocale/zh_CN ChannelName/Feishu`,
  ],
  [
    'phone',
    'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  ],
  ['phone', 'Mozilla/5.0 (Android 14; Mobile; rv:137.0) Gecko/137.0 Firefox/137.0'],
  [
    'phone',
    'Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S9180) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
  ],
  ['desktop', `${windows} Chrome/143.0.0.0 Safari/537.36`],
  ['desktop', `${windows} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0`],
  ['desktop', 'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko'],
  ['desktop', `${windows} Chrome/94.0.4606.71 Safari/537.36 Core/1.94.263.400 QQBrowser/12.7.5756.400`],
  ['desktop', `${mac} Chrome/143.0.0.0 Safari/537.36`],
  [
    'desktop',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  ],
  ['desktop', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36'],
  [
    'desktop',
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36',
  ],
  ['desktop', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0'],
  [
    'desktop',
    `${windows} Chrome/108.0.5359.95 Safari/537.36 wxwork/4.1.28 (MicroMessenger/6.2) WindowsWechat MailPlugin_Electron WeMail embeddisk`,
  ],
];
