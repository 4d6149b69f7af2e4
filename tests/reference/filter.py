"""Filters and spectra by SciPy for tests/waveform.rs.

    pip install scipy==1.17.1; python filter.py
"""

import numpy as np
from scipy import signal
n=400; i=np.arange(n)
x=np.round(1000*np.sin(0.07*i)+300*np.sin(1.3*i+0.5*np.sin(0.01*i))+ (i*7919%1009)-500+ 2000).astype('f4').astype('f8')
for name,order,band,btype in [('bandpass',4,[2,20],'bandpass'),('highpass',3,1,'highpass'),('lowpass',5,10,'lowpass'),('bandpass',3,[0.5,45],'bandpass')]:
    sos=signal.butter(order,band,btype,fs=100,output='sos')
    y=signal.sosfilt(sos,x,zi=signal.sosfilt_zi(sos)*x[0])[0]
    z=signal.sosfiltfilt(sos,x)
    print(name,order,band,[round(float(v),4) for v in y[[0,1,50,399]]],[round(float(v),4) for v in z[[0,1,50,399]]])
f,p=signal.welch(x,100,'hann',128)
print('welch',[float('%.8g'%v) for v in p[[0,1,10,64]]],len(p))
f,t,s=signal.spectrogram(x,100,'hann',100,30)
print('spec',t[:3],s.shape,[float('%.8g'%v) for v in s[[1,7,20,50],[0,1,2,3]]])
